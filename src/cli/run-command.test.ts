import { describe, expect, it } from "vitest";
import { InputError } from "./input-error.ts";
import { runCommand } from "./run-command.ts";

async function run(command: () => number | Promise<number>): Promise<{ code: number; told: string }> {
  const ended = { code: -1, told: "" };
  const terminal = {
    out: () => {},
    err: (text: string) => {
      ended.told += text;
    },
    exit: (code: number) => {
      ended.code = code;
    },
    now: () => new Date(0),
  };
  await runCommand(terminal, command);
  return ended;
}

describe("a command ends", () => {
  it("with the code that it gives", async () => {
    expect(await run(() => 1)).toEqual({ code: 1, told: "" });
  });

  it("with 2 and a line for each problem of what was given", async () => {
    const wrong = (): never => {
      throw new InputError(["a is wrong", "so is b"]);
    };
    expect(await run(wrong)).toEqual({ code: 2, told: "perennial: a is wrong\nperennial: so is b\n" });
  });

  it("with 2 also when the program has a fault, as 1 would be an answer", async () => {
    const { code, told } = await run(() => Promise.reject(new TypeError("x is not a function")));
    expect(code).toBe(2);
    expect(told).toMatch(/^perennial: a fault of the program, please report it: TypeError: x is not a function\n +at /);
  });
});
