/** docs/reference/cli.md says what the commands say of themselves. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { offlineCommands } from "./offline-commands.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/reference/cli.md"), "utf8");
const COMMANDS = offlineCommands({ out: () => {}, err: () => {}, exit: () => {}, now: () => new Date(0) });

/** The part of the page below a command's headline. */
function sectionOf(command: Command): string {
  const [, section = ""] = PAGE.split(`## perennial ${usageOf(command)}\n`);
  return section.split(/^## /m)[0] ?? "";
}

function usageOf(command: Command): string {
  const names = command.registeredArguments.map((argument) =>
    argument.variadic ? `${argument.name().toUpperCase()}...` : argument.name().toUpperCase(),
  );
  return [command.name(), ...names].join(" ");
}

function optionsIn(section: string): string[][] {
  const rows = section.matchAll(/^\| `(-[^`]+)` +\| (?:`([^`]*)`)? *\| (.+?) +\|$/gm);
  return Array.from(rows, ([, flags = "", value = "", meaning = ""]) => [flags, value, meaning]);
}

function rowOf({ flags, defaultValue, defaultValueDescription, description }: Option): string[] {
  return [flags, String(defaultValueDescription ?? defaultValue ?? ""), description];
}

describe("docs/reference/cli.md", () => {
  it.each(COMMANDS.map((command) => [command.name(), command] as const))(
    "says of %s what it says of itself",
    (_name, command) => {
      const section = sectionOf(command);
      expect(section.toLowerCase()).toContain(command.description().toLowerCase());
      expect(optionsIn(section)).toEqual(command.options.map(rowOf));
    },
  );

  it("has no command that does not exist", () => {
    const heads = Array.from(PAGE.matchAll(/^## perennial (.+)$/gm), ([, usage = ""]) => usage);
    expect(heads).toEqual(COMMANDS.map(usageOf));
  });
});
