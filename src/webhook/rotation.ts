/**
 * What is served and trusted, and what is to be done next. Each serving certificate has an authority of its own, which signs
 * nothing else and whose key nobody keeps. A new one is trusted by the API server before it is served.
 */

/** A serving certificate as PEM, with what stands in it. Times in milliseconds since 1970. */
export type Serving = { certificate: string; key: string; notAfter: number; names: readonly string[] };

/** What the Secret holds. `trusted`: authorities as PEM, oldest first; the last one is that of `next`, or of `current`. */
export type Kept = { trusted: readonly string[]; current: Serving | undefined; next: Serving | undefined };

export const NOTHING_KEPT: Kept = { trusted: [], current: undefined, next: undefined };

export type RotationOptions = {
  /** Milliseconds since 1970. */
  now: number;
  /** Milliseconds that a certificate is valid. */
  lifetime: number;
  /** The names and addresses under which the API server calls. */
  names: readonly string[];
  /** Since when the API server has been told of all that is trusted; undefined: not yet. */
  toldSince: number | undefined;
};

/**
 * `makeFirst`: nothing that can be served is there. `makeNext`: what is served ends before long; keep a new one beside it.
 * `serveNext`: by now the API server trusts it.
 */
export type RotationStep = "makeFirst" | "makeNext" | "serveNext";

export function nextStep({ current, next }: Kept, options: RotationOptions): RotationStep | undefined {
  const { now, lifetime, toldSince } = options;
  if (current === undefined || !isServable(current, options)) return "makeFirst";
  if (next !== undefined && isServable(next, options))
    return toldSince !== undefined && now - toldSince >= patience(lifetime) ? "serveNext" : undefined;
  return current.notAfter - now < lifetime / 3 ? "makeNext" : undefined;
}

/** What is kept when the step is done. `made`: a new certificate and its authority; of no meaning for `serveNext`. */
export function afterStep(kept: Kept, step: RotationStep, made: { serving: Serving; authority: string }): Kept {
  const latest = kept.trusted.at(-1);
  switch (step) {
    case "makeFirst":
      return { trusted: [made.authority], current: made.serving, next: undefined };
    case "makeNext": {
      const served = kept.next === undefined ? latest : kept.trusted.at(-2);
      return { ...kept, trusted: [...(served === undefined ? [] : [served]), made.authority], next: made.serving };
    }
    case "serveNext":
      return { ...kept, current: kept.next, next: undefined };
  }
}

function isServable({ notAfter, names }: Serving, options: RotationOptions): boolean {
  return notAfter > options.now && options.names.every((name) => names.includes(name));
}

/** How long API servers may take to hear of what they are to trust, in milliseconds. */
const PATIENCE = 60_000;

function patience(lifetime: number): number {
  return Math.min(PATIENCE, lifetime / 12);
}
