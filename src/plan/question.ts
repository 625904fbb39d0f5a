/**
 * The question what the server would make of a fresh object: the desired one, created under another name, dry run.
 * It costs less than an apply, and shows what ownership cannot: sticky defaults, and additions that nobody owns.
 */

import {
  asJson,
  digestOf,
  isJsonObject,
  type KubernetesObject,
  type ObjectRef,
  type Resource,
} from "../object/index.ts";
import { ALLOCATED, leaveOut } from "./ignored.ts";
import type { AskStep } from "./step.ts";

export type Asked = {
  target: ObjectRef;
  resource: Resource;
  /** The desired object, and its digest. */
  object: KubernetesObject;
  desired: string;
  /** How many answers there are already: each question has its own name. */
  answers: number;
  because: string;
};

export function askFresh({ target, resource, object, desired, answers, because }: Asked): AskStep {
  return { verb: "ask", target, resource, object: freshObject(object, answers), desired, because };
}

/** What is allocated to the one cannot be allocated to another. A Service that is to have no address is asked for as such. */
function freshObject(object: KubernetesObject, answers: number): KubernetesObject {
  const { namespace, labels, annotations } = object.metadata;
  const metadata = {
    name: otherName(object.metadata.name, answers),
    ...(namespace === undefined ? {} : { namespace }),
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  const places = ALLOCATED.filter(({ kind }) => kind === object.kind && !isHeadless(object));
  const content = leaveOut(asJson(object), places) as KubernetesObject; // the same, less what is allocated
  return { ...content, metadata };
}

function isHeadless(object: KubernetesObject): boolean {
  const { spec } = asJson(object);
  return isJsonObject(spec) && spec.clusterIP === "None";
}

/** With the digits 52, the shortest limit there is (CronJob); the other characters are those of the name, which this kind is known to take. */
const LONGEST = 43;
const DIGITS = 8;

function otherName(name: string, answers: number): string {
  const start = name.slice(0, LONGEST).replace(/[^A-Za-z0-9]+$/, "");
  return `${start}-${digestOf([name, String(answers)]).slice(0, DIGITS)}`;
}
