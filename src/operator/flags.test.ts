import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Option } from "commander";
import { afterEach, describe, expect, it } from "vitest";
import { type OperatorFlags, operatorCommand, operatorOptions } from "./flags.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/reference/flags.md"), "utf8");

describe("docs/reference/flags.md", () => {
  it("has every flag with its environment variable, default and meaning, and no other", () => {
    expect(rowsOf(PAGE)).toEqual(operatorCommand(async () => {}).options.map(rowOf));
  });
});

type Row = { flag: string; environment: string; default: string; meaning: string };

function rowsOf(page: string): Row[] {
  const rows = page.matchAll(/^\| `(--[a-z-]+)` +\| `(\w+)` +\| (?:`([^`]*)`)? *\| (.+?) +\|$/gm);
  return Array.from(rows, ([, flag = "", environment = "", value = "", meaning = ""]) => ({
    flag,
    environment,
    default: value,
    meaning,
  }));
}

function rowOf({ long, envVar, defaultValue, defaultValueDescription, description }: Option): Row {
  const shown = defaultValueDescription ?? defaultValue;
  return { flag: long ?? "", environment: envVar ?? "", default: String(shown ?? ""), meaning: description };
}

async function parse(argv: readonly string[]): Promise<OperatorFlags> {
  let flags: OperatorFlags | undefined;
  const command = operatorCommand(async (given) => {
    flags = given;
  });
  await command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync([...argv], { from: "user" });
  if (flags === undefined) throw new Error("the command did not run");
  return flags;
}

const variables = operatorOptions().map((option) => `PERENNIAL_${option.name().replaceAll("-", "_").toUpperCase()}`);

afterEach(() => {
  for (const name of variables) delete process.env[name];
});

describe("the flags of the operator", () => {
  it("have defaults", async () => {
    expect(await parse([])).toEqual({
      namespace: "perennial-system",
      metricsAddress: ":8080",
      logLevel: "info",
      concurrency: 64,
      pruneDelay: 10_000,
      deepCheckRate: 20,
      watchSilence: 180_000,
      apiCallInterval: 300_000,
      systemNamespaces: [],
      kyverno: false,
      newInstallationKey: false,
      webhookCertificateLifetime: 7_776_000_000,
      trustPolicyAuthors: false,
      recordUsers: false,
    });
  });

  it("may come from the environment, and the command line wins", async () => {
    process.env.PERENNIAL_PRUNE_DELAY = "1m30s";
    process.env.PERENNIAL_SYSTEM_NAMESPACES = "kube-public, kube-system";
    process.env.PERENNIAL_CONCURRENCY = "8";
    const flags = await parse(["--concurrency", "4"]);
    expect(flags).toMatchObject({
      pruneDelay: 90_000,
      systemNamespaces: ["kube-public", "kube-system"],
      concurrency: 4,
    });
  });

  it.each([
    ["--concurrency", "0", "whole number from 1 to 256"],
    ["--concurrency", "many", "whole number from 1 to 256"],
    ["--prune-delay", "10", "a duration such as 10s"],
    ["--api-call-interval", "999ms", "at least 1s"],
    ["--prune-delay", "-1s", "a duration such as 10s"],
    ["--metrics-address", "8080", "[host]:port"],
    ["--metrics-address", ":70000", "[host]:port"],
    ["--namespace", "No_Name", "name of a namespace"],
    ["--installation", "a b", "lower-case letters"],
    ["--log-level", "loud", "trace, debug"],
    ["--system-namespaces", "kube-system,-", '"-" is no name'],
    ["--service-account", "perennial", "NAMESPACE/NAME"],
    ["--service-account", "a/b/c", "NAMESPACE/NAME"],
    ["--webhook-address", "9443", "[host]:port"],
    ["--webhook-url", "http://192.0.2.1:9443", "an https URL"],
    ["--webhook-url", "192.0.2.1:9443", "an https URL"],
    ["--webhook-certificate-lifetime", "10s", "at least 30s"],
  ])("refuse %s %s with what would be right", async (flag, value, expected) => {
    await expect(parse([`${flag}=${value}`])).rejects.toThrow(expected);
  });
});
