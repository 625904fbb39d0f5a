import { describe, expect, it } from "vitest";
import type { JsonObject } from "../object/index.ts";
import type { Need, ResourceNeed } from "../rule/index.ts";
import { authorOf, judgeOperator, needsOfOperator, refuseAuthor } from "./privilege.ts";
import { keyOfQuestion, lacksIn, MOST_QUESTIONS, openQuestions, type Question } from "./questions.ts";
import { type AdmissionRequest, ALLOWED } from "./review.ts";

function requestBy(userInfo: JsonObject): AdmissionRequest {
  return { uid: "1", operation: "CREATE", object: undefined, oldObject: undefined, fields: { userInfo } };
}

const PATH = "spec.rules[0].generate";
const CONFIGS: ResourceNeed = {
  ...{ path: PATH, verbs: ["create", "patch"], group: "", resource: "configmaps", namespace: "shop" },
};
const ESCALATE: ResourceNeed = {
  ...{ path: PATH, verbs: ["escalate"], group: "rbac.authorization.k8s.io", resource: "clusterroles", name: "made" },
  or: [{ path: PATH, verbs: ["get"], group: "", resource: "pods", namespace: "" }],
};
const VERSION: Need = { path: PATH, verbs: ["get"], url: "/version" };
const AUTHOR = { user: "alice" };

/** Asks until nothing is open, of somebody who may do what `may` says; how many questions each round had. */
function askAll(needs: readonly Need[], may: (question: Question) => boolean | undefined) {
  const answers = new Map<string, boolean | undefined>();
  const rounds: number[] = [];
  for (;;) {
    const open = openQuestions(needs, answers);
    if (open === "too many") return { rounds, lacks: open };
    if (open.length === 0) return { rounds, lacks: lacksIn(needs, answers) };
    rounds.push(open.length);
    for (const question of open) answers.set(keyOfQuestion(question), may(question));
  }
}

const isAll = (question: Question): boolean => "resource" in question && question.resource === "*";

describe("the questions", () => {
  it("are one for who may do everything", () => {
    expect(askAll([CONFIGS, ESCALATE], isAll)).toEqual({ rounds: [1], lacks: [] });
  });

  it("are still put about paths that are no resources", () => {
    expect(askAll([VERSION], isAll)).toMatchObject({ rounds: [1, 1], lacks: [{ verbs: ["get"] }] });
  });

  it("are put once each", () => {
    expect(askAll([CONFIGS, { ...CONFIGS, path: "spec.rules[1].generate" }], () => false).rounds).toEqual([1, 2]);
  });

  it("go on to what a role grants only where it may not be escalated", () => {
    expect(askAll([ESCALATE], (question) => question.verb === "escalate").rounds).toEqual([1, 1]);
    expect(askAll([ESCALATE], (question) => question.verb === "get")).toEqual({ rounds: [1, 1, 1], lacks: [] });
  });

  it("are not put when there are too many, unless one is enough", () => {
    const many = Array.from({ length: MOST_QUESTIONS }, (_, i) => ({ ...CONFIGS, resource: `r${i}` }));
    expect(askAll(many, () => false).lacks).toBe("too many");
    expect(askAll(many, isAll).lacks).toEqual([]);
  });

  it("tell what is lacking from what nobody could say", () => {
    const lacks = askAll([CONFIGS, VERSION], (question) => ("url" in question ? undefined : false)).lacks;
    expect(lacks).toMatchObject([{ isUnknown: false }, { isUnknown: true }]);
  });
});

describe("the author", () => {
  it("is who the request says, in all that a review takes", () => {
    const extra = { scopes: ["a"] };
    const request = requestBy({ username: "alice", uid: "u", groups: ["devs"], extra });
    expect(authorOf(request)).toEqual({ user: "alice", uid: "u", groups: ["devs"], extra });
    expect(authorOf(requestBy({ groups: ["system:masters"] }))).toBeUndefined();
  });

  it("lets pass whom nothing is lacking", () => {
    expect(refuseAuthor(AUTHOR, [], [])).toBeUndefined();
  });

  it("is told every verb that is missing, where, and what to do", () => {
    const { lacks } = askAll([CONFIGS, ESCALATE, VERSION], ({ verb }) => verb === "create");
    const answer = refuseAuthor(AUTHOR, lacks, []);
    expect(answer).toMatchObject({ allowed: false, forbidden: true });
    expect(answer?.allowed === false ? answer.message.split("\n") : []).toEqual([
      "a policy has Perennial do only what its author may do himself; alice may not:",
      `${PATH}: patch configmaps in namespace shop`,
      `${PATH}: escalate clusterroles.rbac.authorization.k8s.io made, nor all that the role grants`,
      `${PATH}: get the path /version`,
      expect.stringContaining("Have these permissions granted"),
    ]);
  });

  it.each<[string, Parameters<typeof refuseAuthor>, string]>([
    ["nobody says who it is", [undefined, [], []], "does not say who sent it"],
    ["there is too much to ask", [AUTHOR, "too many", []], `more than ${MOST_QUESTIONS} questions`],
    [
      "the API server does not answer",
      [AUTHOR, [{ need: CONFIGS, verbs: ["create"], isUnknown: true }], []],
      "did not say whether alice may",
    ],
  ])("is refused when %s", (_case, given, message) => {
    const answer = refuseAuthor(...given);
    expect(answer?.allowed === false ? answer.message : "").toContain(message);
  });
});

describe("the operator", () => {
  const missing = [{ need: CONFIGS, verbs: ["patch"], isUnknown: false }];

  it("needs to watch what it writes and reads, and does not need what it never does", () => {
    const reads: Need = { ...CONFIGS, verbs: ["list"] };
    const all: Need = { ...CONFIGS, verbs: ["*"], group: "*", resource: "*" };
    const changes: Need = { ...CONFIGS, byOthers: true };
    const watched = ["get", "list", "watch"];
    expect(needsOfOperator([CONFIGS, reads, all, changes, ESCALATE]).map(({ verbs }) => verbs)).toEqual([
      [...watched, "create", "patch"],
      watched,
      ["escalate"],
    ]);
  });

  it("is warned of what it lacks", () => {
    const answer = judgeOperator(missing, { answer: ALLOWED, isForeign: false });
    expect(answer).toMatchObject({ allowed: true });
    expect(answer.warnings).toEqual([expect.stringContaining("may not patch configmaps in namespace shop")]);
    expect(answer.warnings.join().length).toBeLessThan(250);
  });

  it("lets nobody write a policy of kyverno.io that it cannot serve", () => {
    expect(judgeOperator(missing, { answer: ALLOWED, isForeign: true })).toMatchObject({ allowed: false });
  });

  it("is not said to lack what nobody could say", () => {
    const unknown = missing.map((lack) => ({ ...lack, isUnknown: true }));
    expect(judgeOperator(unknown, { answer: ALLOWED, isForeign: true })).toBe(ALLOWED);
    expect(judgeOperator("too many", { answer: ALLOWED, isForeign: true })).toBe(ALLOWED);
  });
});
