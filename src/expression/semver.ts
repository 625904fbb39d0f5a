/** Semantic versions and ranges of them (`>=1.2.x <2.0.0 || >=3.0.0`), as the Go library of the policy language reads them. */

export interface Version {
  readonly numbers: readonly [bigint, bigint, bigint];
  readonly prerelease: readonly string[];
}

const VERSION =
  /^(0|[1-9]\d{0,19})\.(0|[1-9]\d{0,19})\.(0|[1-9]\d{0,19})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

/** Undefined for what is not `x.y.z[-pre][+build]`, so also for `v1.2.3` and `1.2`. */
export function parseVersion(text: string): Version | undefined {
  const found = VERSION.exec(text);
  if (found === null) return undefined;
  const [, major = "0", minor = "0", patch = "0", prerelease] = found;
  const parts = prerelease === undefined ? [] : prerelease.split(".");
  if (parts.some((part) => /^0\d+$/.test(part))) return undefined;
  return { numbers: [BigInt(major), BigInt(minor), BigInt(patch)], prerelease: parts };
}

export function compareVersions(left: Version, right: Version): number {
  for (const at of [0, 1, 2] as const) {
    if (left.numbers[at] !== right.numbers[at]) return left.numbers[at] < right.numbers[at] ? -1 : 1;
  }
  return comparePrerelease(left.prerelease, right.prerelease);
}

/** A version without a pre-release is above every one with it. */
function comparePrerelease(left: readonly string[], right: readonly string[]): number {
  if (left.length === 0 || right.length === 0) return Math.sign(right.length - left.length);
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const order = compareParts(left[at] ?? "", right[at] ?? "");
    if (order !== 0) return order;
  }
  return Math.sign(left.length - right.length);
}

function compareParts(left: string, right: string): number {
  const [isLeftNumber, isRightNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
  if (isLeftNumber !== isRightNumber) return isLeftNumber ? -1 : 1;
  if (isLeftNumber && left.length !== right.length) return left.length - right.length;
  return left === right ? 0 : left < right ? -1 : 1;
}

export type VersionRange = (version: Version) => boolean;

/** Alternatives by `||`, all terms of one must hold; undefined when it is no range (`^` and `~` are not known). */
export function parseRange(text: string): VersionRange | undefined {
  const alternatives = allDefined(text.split("||").map(parseAlternative));
  return alternatives === undefined ? undefined : (version) => alternatives.some((holds) => holds(version));
}

function parseAlternative(text: string): VersionRange | undefined {
  const spaced = text.trim().replaceAll(/([<>=!]+)\s+/g, "$1");
  const terms = allDefined(spaced.split(/\s+/).map(parseTerm));
  return terms === undefined ? undefined : (version) => terms.every((holds) => holds(version));
}

function allDefined(ranges: readonly (VersionRange | undefined)[]): readonly VersionRange[] | undefined {
  const defined = ranges.filter((range) => range !== undefined);
  return defined.length === ranges.length ? defined : undefined;
}

const OPERATORS = new Set(["", "=", "==", "!", "!=", "<", "<=", ">", ">="]);

/** A wildcard term is the half-open interval that it stands for; a plain version is an interval of one. */
function parseTerm(text: string): VersionRange | undefined {
  const [, operator = "", written = ""] = /^([<>=!]*)(.*)$/.exec(text) ?? [];
  const bounds = OPERATORS.has(operator) ? boundsOf(written) : undefined;
  if (bounds === undefined) return undefined;
  const isBelow: VersionRange = (version) => compareVersions(version, bounds.first) < 0;
  const isAbove: VersionRange = (version) =>
    bounds.next === undefined ? compareVersions(version, bounds.first) > 0 : compareVersions(version, bounds.next) >= 0;
  switch (operator) {
    case "<":
      return isBelow;
    case "<=":
      return (version) => !isAbove(version);
    case ">":
      return isAbove;
    case ">=":
      return (version) => !isBelow(version);
    case "!":
    case "!=":
      return (version) => isBelow(version) || isAbove(version);
    default:
      return (version) => !isBelow(version) && !isAbove(version);
  }
}

function boundsOf(written: string): { readonly first: Version; readonly next?: Version } | undefined {
  const wildcard = /^(\d{1,20})\.(?:(\d{1,20})\.x|x(?:\.x)?)$/.exec(written);
  if (wildcard === null) {
    const version = parseVersion(written);
    return version === undefined ? undefined : { first: version };
  }
  const major = BigInt(wildcard[1] ?? "0");
  if (wildcard[2] === undefined) return { first: release(major, 0n), next: release(major + 1n, 0n) };
  const minor = BigInt(wildcard[2]);
  return { first: release(major, minor), next: release(major, minor + 1n) };
}

function release(major: bigint, minor: bigint): Version {
  return { numbers: [major, minor, 0n], prerelease: [] };
}
