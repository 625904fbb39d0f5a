/** What was given to a command cannot be worked with: told line by line, and the exit code is 2. */

export class InputError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}
