/** The one exception of the engine. It never passes the folder's border: index.ts turns it into a value. */
export class Fault extends Error {
  /** Offset into the expression's text, for syntax errors. */
  readonly position: number | undefined;
  /** True when a name was missing, as opposed to a wrong type, a wrong form or an exceeded bound. */
  readonly notFound: boolean;

  /** True when the expression starts from a name that does not exist where it stands. */
  readonly unknownRoot: boolean;

  constructor(message: string, options: { position?: number; notFound?: boolean; unknownRoot?: boolean } = {}) {
    super(message);
    this.position = options.position;
    this.notFound = options.notFound ?? false;
    this.unknownRoot = options.unknownRoot ?? false;
  }
}
