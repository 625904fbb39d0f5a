/** Wildcards: `*` is any run of characters (also none, also `/` and `.`), `?` exactly one; nothing else is special. */

export function hasWildcard(text: string): boolean {
  return text.includes("*") || text.includes("?");
}

/** Compiles a pattern once; matching takes at most pattern length times text length. The empty pattern matches only "". */
export function compileWildcard(pattern: string): (text: string) => boolean {
  if (!hasWildcard(pattern)) return (text) => text === pattern;
  if (pattern === "*") return () => true;
  const prefix = pattern.slice(0, -1);
  if (pattern.endsWith("*") && !hasWildcard(prefix)) return (text) => text.startsWith(prefix);
  const symbols = [...pattern.replaceAll(/\*+/g, "*")];
  return (text) => matchSymbols(symbols, [...text]);
}

export function matchesWildcard(pattern: string, text: string): boolean {
  return compileWildcard(pattern)(text);
}

/** Greedy with one point of return: only the last `*` ever needs to take one character more. */
function matchSymbols(pattern: readonly string[], text: readonly string[]): boolean {
  let inPattern = 0;
  let inText = 0;
  let star = -1;
  let resume = 0;
  while (inText < text.length) {
    const symbol = pattern[inPattern];
    if (symbol === "*") {
      star = inPattern++;
      resume = inText;
    } else if (symbol === "?" || (symbol !== undefined && symbol === text[inText])) {
      inPattern++;
      inText++;
    } else if (star >= 0) {
      inPattern = star + 1;
      inText = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[inPattern] === "*") inPattern++;
  return inPattern === pattern.length;
}
