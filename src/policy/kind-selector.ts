/** Kind selectors such as `Pod`, `apps/v1/Deployment` or `Pod/exec`: what they name, part by part. */

/** Each part may hold the wildcards * and ?; `*` is any. `subresource` is "" for the object itself. */
export type KindSelector = { group: string; version: string; kind: string; subresource: string };

/** For the CRD: it sees plural names such as `pods` or `deployments.apps`. What the parts may be, `parseKindSelector` says. */
export const KIND_SELECTOR = /^[-a-z0-9./]*[A-Z*?][-A-Za-z0-9.*?/]*$/;

const VERSION = /^(\*|v[0-9*?]+((alpha|beta)[0-9*?]+)?)$/;
const KIND = /^[A-Z*?][A-Za-z0-9*?]*$/;
const SUBRESOURCE = /^[a-z*?][-a-z*?]*$/;
const GROUP = /^[a-z0-9*?][-a-z0-9.*?]*$/;

/** Undefined when the text is no kind selector. */
export function parseKindSelector(text: string): KindSelector | undefined {
  if (/[/.]$/.test(text)) return undefined; // names a subresource and then does not
  const selector = readParts(text.split("/"));
  return selector !== undefined && isWellFormed(selector) ? selector : undefined;
}

/** A first part is a version only if it looks like one: `apps/Deployment` would be a kind `apps`, which no kind is. */
function readParts(parts: readonly string[]): KindSelector | undefined {
  const [first = "", second = "", third = "", fourth = ""] = parts;
  if (parts.length === 1) return named({ kind: first });
  if (parts.length === 2) return readPair(first, second);
  if (parts.length === 4) return { group: first, version: second, kind: third, subresource: fourth };
  if (parts.length !== 3) return undefined;
  const hasGroup = VERSION.test(second) && !(first === "*" && SUBRESOURCE.test(third) && third !== "*");
  return hasGroup
    ? named({ group: first, version: second, kind: third })
    : { group: "*", version: first, kind: second, subresource: third };
}

function readPair(first: string, second: string): KindSelector {
  if (VERSION.test(first) && !(first === "*" && SUBRESOURCE.test(second)))
    return named({ version: first, kind: second });
  return { group: "*", version: "*", kind: first, subresource: second };
}

/** The last part may name the subresource after a dot: `Pod.exec`. */
function named(parts: { group?: string; version?: string; kind: string }): KindSelector {
  const dot = parts.kind.indexOf(".");
  const kind = dot === -1 ? parts.kind : parts.kind.slice(0, dot);
  const subresource = dot === -1 ? "" : parts.kind.slice(dot + 1);
  return { group: parts.group ?? "*", version: parts.version ?? "*", kind, subresource };
}

/** Subresources through which the object itself is written: what they change is seen on the object. */
const WRITE_THE_OBJECT = ["status", "ephemeralcontainers", "resize", "finalize", "approval"];

/** True when what is written through a subresource is stored as the object itself; "" is the object. */
export function isStored(subresource: string): boolean {
  return subresource === "" || WRITE_THE_OBJECT.includes(subresource);
}

function isWellFormed({ group, version, kind, subresource }: KindSelector): boolean {
  const isSubresource = subresource === "" || SUBRESOURCE.test(subresource);
  return GROUP.test(group) && VERSION.test(version) && KIND.test(kind) && isSubresource;
}
