/** The bounds of an expression and of one evaluation (a whole template is one evaluation). */

/** Characters of one expression. */
export const MAX_EXPRESSION_LENGTH = 64 * 1024;

/** Parentheses, brackets, arguments within each other. */
export const MAX_NESTING = 200;

/** Links of a chain such as `a[0][0]...` count here too: what a run has to recurse through. */
export const MAX_TREE_DEPTH = 1000;

/** Units of work: about one per node visited, element looked at, or 64 characters handled. */
export const MAX_STEPS = 1_000_000;

/** Bytes of any one result, and of the whole output. */
export const MAX_OUTPUT_BYTES = 2 * 1024 * 1024;

/** Bytes of everything built on the way to the output. */
export const MAX_BUILT_BYTES = 4 * MAX_OUTPUT_BYTES;

/** Lists and maps within each other, in data that is walked whole. */
export const MAX_DATA_DEPTH = 1000;
