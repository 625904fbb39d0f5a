/** Taking a text with variables apart where its author wrote a separator; what stands inside variables is left whole. */

import { findVariables } from "./variables.ts";

/** The parts are texts with variables again. Undefined when variables are nested too deeply. */
export function splitTemplate(text: string, separator: string): string[] | undefined {
  const pieces = findVariables(text);
  if (pieces === undefined) return undefined;
  const parts = [""];
  for (const piece of pieces) {
    const [first = "", ...more] = typeof piece === "string" ? escaped(piece).split(separator) : [piece.source];
    parts[parts.length - 1] += first;
    parts.push(...more);
  }
  return parts;
}

/** What was escaped stays so. */
function escaped(text: string): string {
  return text.replaceAll("{{", "\\{{");
}

/** True when the text has variables, so that it is known only when they are. */
export function hasVariables(text: string): boolean {
  return findVariables(text)?.some((piece) => typeof piece !== "string") ?? true;
}
