import { describe, expect, it } from "vitest";
import { type IssueAt, printIssue, sortIssues } from "./issue.ts";

const WRONG = { code: "InvalidValue", message: "has to be right" } as const;

describe("sortIssues", () => {
  it("sorts list positions as numbers and keeps each issue once", () => {
    const places: IssueAt["at"][] = [["rules", 10], ["rules", 9, "name"], ["mode"], ["rules", 9], ["rules", 9]];
    const paths = sortIssues(places.map((at) => ({ ...WRONG, at }))).map(({ path }) => path);
    expect(paths).toEqual(["mode", "rules[9]", "rules[9].name", "rules[10]"]);
  });

  it("prints keys that are no words in brackets", () => {
    const [issue] = sortIssues([{ ...WRONG, at: ["labels", "app.kubernetes.io/name"] }]);
    expect(issue?.path).toBe('labels["app.kubernetes.io/name"]');
  });

  it.each([
    ["a short text in full", "Report", '"Report"'],
    ["a long text in part", "x".repeat(200), `"${"x".repeat(116)}...`],
    ["a list by its length", [1, 2], "a list of 2"],
    ["an object not at all", { a: 1 }, "an object"],
    ["null as it is", null, "null"],
  ])("shows %s", (_what, value, shown) => {
    expect(sortIssues([{ ...WRONG, at: ["field"], value }])).toEqual([{ ...WRONG, path: "field", value: shown }]);
  });

  it.each(["data", "patchStrategicMerge", "patchesJson6902"])("shows no value inside %s", (field) => {
    expect(sortIssues([{ ...WRONG, at: ["generate", field, "key"], value: "hunter2" }])[0]).not.toHaveProperty("value");
  });
});

describe("printIssue", () => {
  it("says where, what and why on one line", () => {
    expect(printIssue({ ...WRONG, path: "spec.mode", value: '"Report"' })).toBe(
      'spec.mode: "Report": InvalidValue: has to be right',
    );
    expect(printIssue({ ...WRONG, path: "spec" })).toBe("spec: InvalidValue: has to be right");
  });
});
