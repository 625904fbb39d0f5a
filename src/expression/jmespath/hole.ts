/**
 * Holes: the places in an expression's text where a nested `{{ variable }}` stood. The text carries a pair of
 * noncharacters with a number between them, so that lexing and parsing see one ordinary character run, and what is put
 * in later is a value from the start: data can never become code.
 */

const OPEN = "\ufdd0";
const CLOSE = "\ufdd1";
const HOLE = /\ufdd0(\d+)\ufdd1/;

export function holeMark(number: number): string {
  return `${OPEN}${number}${CLOSE}`;
}

export function hasHole(text: string): boolean {
  return text.includes(OPEN);
}

/** True for text that an author wrote with our marks in it: it cannot be told from a hole. */
export function hasHoleCharacters(text: string): boolean {
  return text.includes(OPEN) || text.includes(CLOSE);
}

/** The texts (even positions) and hole numbers (odd positions) that a marked text is made of, in order. */
export function splitHoles(text: string): readonly (string | number)[] {
  return text.split(HOLE).map((piece, index) => (index % 2 === 1 ? Number(piece) : piece));
}

/** The text as the author would recognise it, for messages. */
export function showHoles(text: string): string {
  return text.replaceAll(new RegExp(HOLE, "g"), "{{...}}");
}
