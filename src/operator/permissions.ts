/**
 * Permissions that turned out to be missing: what needs one is not sent again until a probe says that it is there.
 * One probe for each verb, resource and namespace, every few seconds, and only while something is missing.
 */

import { type ClusterClient, isPermitted, type Permission, type ServiceAccount } from "../cluster/index.ts";
import { resourceKey, resourceName } from "../object/index.ts";
import type { ClaimKey } from "../state/index.ts";

export interface Permissions {
  /** Asks the API server whether RBAC is why a write was refused; remembers a "no" for the claim. */
  isMissing(permission: Permission, claim: ClaimKey): Promise<boolean>;
  /** Whether it is known to be missing; the claim is told when it no longer is. */
  isKnownMissing(permission: Permission, claim: ClaimKey): boolean;
  /** The claim needs nothing that is missing any more. */
  forget(claim: ClaimKey): void;
  stop(): void;
}

const PROBE_EVERY = 2_000;
/** Probes at a time: with thousands of namespaces, each waits its turn. */
const PROBES = 8;

export type PermissionsOptions = {
  client: ClusterClient;
  /** Whose permissions count; absent: those of the client. */
  subject: ServiceAccount | undefined;
  granted(claims: ReadonlySet<ClaimKey>): void;
};

export function createPermissions(options: PermissionsOptions): Permissions {
  return new ProbedPermissions(options);
}

type Missing = { permission: Permission; claims: Set<ClaimKey> };

class ProbedPermissions implements Permissions {
  readonly #options: PermissionsOptions;
  readonly #missing = new Map<string, Missing>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(options: PermissionsOptions) {
    this.#options = options;
  }

  async isMissing(permission: Permission, claim: ClaimKey): Promise<boolean> {
    const permitted = await this.#isPermitted(permission);
    if (permitted !== false) return false;
    const key = keyOf(permission);
    const known = this.#missing.get(key) ?? { permission, claims: new Set() };
    known.claims.add(claim);
    this.#missing.set(key, known);
    this.#schedule();
    return true;
  }

  isKnownMissing(permission: Permission, claim: ClaimKey): boolean {
    const known = this.#missing.get(keyOf(permission));
    known?.claims.add(claim);
    return known !== undefined;
  }

  forget(claim: ClaimKey): void {
    for (const [key, { claims }] of this.#missing) {
      claims.delete(claim);
      if (claims.size === 0) this.#missing.delete(key);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const goOn = (): void => {
        if (this.#missing.size > 0) this.#schedule();
      };
      this.#probe().then(goOn, goOn);
    }, PROBE_EVERY);
  }

  /** A grant for the whole cluster ends all waiting for that verb and resource at once. */
  async #probe(): Promise<void> {
    const clusterWide = new Map(
      [...this.#missing.values()].map(({ permission }) => [
        keyOf({ ...permission, namespace: "" }),
        { ...permission, namespace: "" },
      ]),
    );
    for (const [key, permission] of clusterWide) {
      if (await this.#isPermitted(permission))
        this.#release((candidate) => keyOf({ ...candidate, namespace: "" }) === key);
    }
    for (const { permission, claims } of [...this.#missing.values()].slice(0, PROBES)) {
      const key = keyOf(permission);
      if (await this.#isPermitted(permission)) this.#release((candidate) => keyOf(candidate) === key);
      else if (this.#missing.delete(key)) this.#missing.set(key, { permission, claims }); // to the end of the line
    }
  }

  #isPermitted(permission: Permission): Promise<boolean | undefined> {
    const { client, subject } = this.#options;
    return isPermitted(client, permission, subject);
  }

  #release(isGranted: (permission: Permission) => boolean): void {
    for (const [key, { permission, claims }] of [...this.#missing]) {
      if (!isGranted(permission)) continue;
      this.#missing.delete(key);
      this.#options.granted(claims);
    }
  }
}

/** For messages: `create networkpolicies.networking.k8s.io`. */
export function printPermission({ verb, resource, subresource, namespace }: Permission): string {
  return `${verb} ${resourceName(resource, subresource)}${namespace === "" ? "" : ` in namespace ${namespace}`}`;
}

function keyOf({ verb, resource, subresource = "", namespace, name = "" }: Permission): string {
  return `${verb} ${resourceKey(resource)}/${subresource} ${namespace} ${name}`;
}
