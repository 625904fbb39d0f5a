/** What the expressions of a rule see in one plan: the trigger's roots, and the context that they name, loaded on demand. */

import type { Bindings, Environment, Evaluated } from "../expression/index.ts";
import type { Json } from "../object/index.ts";
import type { ClaimEnvironment } from "./claim-environment.ts";
import { expressionFailed, type Failed } from "./failed.ts";
import type { Snapshot } from "./rule.ts";
import type { Value } from "./value.ts";

/** A template or an expression. */
export type Evaluable = {
  readonly reads: ReadonlySet<string>;
  evaluate(bindings: Bindings, environment: Environment): Evaluated;
};

/** A named value; it is loaded when an expression names it. */
export type ContextEntry = {
  name: string;
  /** The roots and entries that it names itself. */
  uses: ReadonlySet<string>;
  /** `bindings` have all that it uses. */
  load(scope: Scope, bindings: Bindings): Value;
};

export type CompiledContext = {
  entries: readonly ContextEntry[];
  names: ReadonlySet<string>;
  /** True when a name is used twice, here or outside, so that it means different things at different places. */
  shadows: boolean;
};

export const NO_CONTEXT: CompiledContext = { entries: [], names: new Set(), shadows: false };

/** What the claim's expressions may know besides their bindings. */
export type View = { snapshot: Snapshot; environment: ClaimEnvironment };

export class Scope {
  readonly snapshot: Snapshot;
  readonly environment: ClaimEnvironment;
  readonly #roots: Bindings;
  readonly #bindings: { [root: string]: Json };
  readonly #context: CompiledContext;
  readonly #parent: Scope | undefined;
  readonly #loaded: (Value | undefined)[] = [];

  /** `roots` become part of the scope. `parent`: whose context is seen too. */
  constructor(roots: { [root: string]: Json }, view: View, context: CompiledContext, parent?: Scope) {
    this.snapshot = view.snapshot;
    this.environment = view.environment;
    this.#roots = context.shadows ? { ...roots } : roots;
    this.#bindings = roots;
    this.#context = context;
    this.#parent = parent;
  }

  /** With more roots, such as `element`, and a context of its own. */
  inner(more: Bindings, context: CompiledContext, environment: ClaimEnvironment): Scope {
    return new Scope({ ...this.#roots, ...more }, { snapshot: this.snapshot, environment }, context, this);
  }

  /** The same for what decides whether the rule applies: there time goes on. Itself where no time is asked for. */
  inRealTime(): Scope {
    const environment = this.environment.inRealTime();
    if (environment === this.environment) return this;
    const view = { snapshot: this.snapshot, environment };
    return new Scope({ ...this.#roots }, view, this.#context, this.#parent?.inRealTime());
  }

  /** The value, after all that the part names is loaded. */
  evaluate(part: Evaluable): Value {
    const failed = this.#provide(part.reads, this.#bindings);
    if (failed !== undefined) return failed;
    return this.evaluateWith(part, this.#bindings);
  }

  /** With bindings that have all that the part names. */
  evaluateWith(part: Evaluable, bindings: Bindings): Value {
    const result = part.evaluate(bindings, this.environment);
    return result.ok ? result : expressionFailed(result.error);
  }

  #provide(names: ReadonlySet<string>, bindings: { [root: string]: Json }): Failed | undefined {
    if (this.#context.names.size === 0 && this.#parent === undefined) return undefined;
    for (const name of names) {
      const value = this.#valueOf(name, this.#context.entries.length);
      if (value === undefined) continue; // a root of the trigger
      if (!value.ok) return value;
      bindings[name] = value.value;
    }
    return undefined;
  }

  /** The last entry of that name before a position, else the parent's; undefined when it is no context at all. */
  #valueOf(name: string, before: number): Value | undefined {
    for (let at = before - 1; at >= 0; at--) {
      const entry = this.#context.entries[at];
      if (entry?.name === name) return this.#load(entry, at);
    }
    return this.#parent?.contextValue(name);
  }

  /** For scopes within this one. */
  contextValue(name: string): Value | undefined {
    return this.#valueOf(name, this.#context.entries.length);
  }

  #load(entry: ContextEntry, at: number): Value {
    const known = this.#loaded[at];
    if (known !== undefined) return known;
    const loaded = this.#loadNow(entry, at);
    this.#loaded[at] = loaded;
    return loaded;
  }

  /** An entry sees those before it. Where names are used twice, it must not see what only later ones mean by them. */
  #loadNow(entry: ContextEntry, at: number): Value {
    const bindings = this.#context.shadows ? { ...this.#roots } : this.#bindings;
    for (const name of entry.uses) {
      const value = this.#valueOf(name, at);
      if (value === undefined) continue;
      if (!value.ok) return value;
      bindings[name] = value.value;
    }
    return entry.load(this, bindings);
  }
}
