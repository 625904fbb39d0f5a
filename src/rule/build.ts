/** One rule while it is compiled: what is known of its surroundings, and what is found in its parts. */

import {
  compileExpression,
  compileTemplate,
  type Expression,
  type ExpressionIssue,
  type Template,
} from "../expression/index.ts";
import type { Json, Resource } from "../object/index.ts";
import type { Issue } from "../policy/index.ts";
import type { Operation } from "./change.ts";
import { isContent, isTargetStatus } from "./content.ts";
import type { Need } from "./need.ts";
import type { Read, ServedKinds } from "./rule.ts";

export type BuildOptions = {
  served: ServedKinds;
  /** The namespace of a Policy, outside of which it must not reach; undefined for a ClusterPolicy. */
  confinedTo: string | undefined;
  /** Told of kinds that nobody serves (yet). */
  unknownKinds: Set<string>;
};

export class Build {
  readonly served: ServedKinds;
  readonly confinedTo: string | undefined;
  readonly issues: Issue[] = [];
  /** What has to be watched besides the triggers. */
  readonly reads: Read[] = [];
  readonly targets: Resource[] = [];
  /** The permissions that it takes to do what the rule does. */
  readonly needs: Need[] = [];
  /** True when some part asks for the time. */
  usesClock = false;
  /** True when some part reads more of the trigger than its metadata. */
  readsContent = false;
  /** True when some part reads the status of a target. */
  readsTargetStatus = false;
  /** Something in it is about a change: the old object, or an operation that is no creation. */
  isAboutChanges = false;
  /** Conditions about nothing but the operation. */
  readonly operationConditions: { path: string; holdsFor: (operation: Operation) => boolean }[] = [];
  /** Where it reads who made a request. */
  readonly readsWho: string[] = [];
  /** True where it reads his groups, or all that is known of him. */
  readsGroups = false;
  /** Where it reads which roles whoever made a request has. */
  readonly readsRoles: string[] = [];
  /** True when some part sends something to a service. */
  sends = false;
  /** True when some patch may do more when it is applied to its own result. */
  appends = false;
  readonly #unknownKinds: Set<string>;

  constructor({ served, confinedTo, unknownKinds }: BuildOptions) {
    this.served = served;
    this.confinedTo = confinedTo;
    this.#unknownKinds = unknownKinds;
  }

  /** Undefined when there are issues; they are noted. */
  template(value: Json, path: string, roots: ReadonlySet<string>): Template | undefined {
    const compiled = compileTemplate(value, path, { roots, fields: FIELDS });
    if ("issues" in compiled) return this.#noteIssues(compiled.issues);
    return this.#noteReads(compiled.template, path);
  }

  /** `onValue`: the expression runs on a value that is given later, and only its variables see the roots. */
  expression(
    text: string,
    path: string,
    { roots, onValue = false }: { roots: ReadonlySet<string>; onValue?: boolean },
  ): Expression | undefined {
    const compiled = compileExpression(text, path, { roots, fields: FIELDS, onValue });
    if ("issues" in compiled) return this.#noteIssues(compiled.issues);
    return this.#noteReads(compiled.expression, path);
  }

  /** The resource of a kind that is written out; undefined, and told, when it is not served. */
  resource(apiVersion: string, kind: string, path: string): Resource | undefined {
    const resource = this.served.find(apiVersion, kind);
    if (resource === undefined) this.noteUnknown(`${apiVersion}/${kind} (${path})`);
    return resource;
  }

  noteUnknown(text: string): void {
    this.#unknownKinds.add(text);
  }

  #noteIssues(found: readonly ExpressionIssue[]): undefined {
    this.issues.push(...found.map(expressionIssue));
    return undefined;
  }

  #noteReads<Part extends Readable>(part: Part, path: string): Part {
    if (part.usesClock) this.usesClock = true;
    if (part.paths.values().some(isContent)) this.readsContent = true;
    if (part.paths.values().some(isTargetStatus)) this.readsTargetStatus = true;
    if (part.reads.has("request.oldObject")) this.isAboutChanges = true;
    if (WHO.some((name) => part.reads.has(name))) this.readsWho.push(path);
    if (part.paths.values().some((path) => GROUPS.has(path))) this.readsGroups = true;
    if (["request.roles", "request.clusterRoles"].some((name) => part.reads.has(name))) this.readsRoles.push(path);
    return part;
  }
}

type Readable = Pick<Template, "reads" | "paths" | "usesClock">;

const WHO = [
  "request.userInfo",
  "request.roles",
  "request.clusterRoles",
  "serviceAccountName",
  "serviceAccountNamespace",
];

/** Paths that tell, or may tell, somebody's groups; which roles he has hangs on them. */
const GROUPS: ReadonlySet<string> = new Set([
  "request.userInfo",
  "request.userInfo.groups",
  "request.roles",
  "request.clusterRoles",
]);

/** What an admission request has. At rest some of it is not there, which `||` can tell. */
const FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  [
    "request",
    new Set([
      ...["object", "oldObject", "name", "namespace", "operation", "kind", "resource", "subResource", "options", "uid"],
      ...["requestKind", "requestResource", "requestSubResource", "dryRun", "userInfo", "roles", "clusterRoles"],
    ]),
  ],
]);

function expressionIssue({ path, value, message, unknownRoot }: ExpressionIssue): Issue {
  return { code: unknownRoot ? "UnknownVariable" : "InvalidExpression", path, value, message };
}
