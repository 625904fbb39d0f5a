/** Indexes, slices, flattening and projections. Inside a projection, what is not found is left out like null. */

import { isJsonObject, type Json } from "../../object/index.ts";
import { Fault } from "./fault.ts";
import { hasHole } from "./hole.ts";
import { fillText } from "./open.ts";
import type { Run, Step } from "./run.ts";
import type { SliceBounds } from "./syntax.ts";
import { isTruthy, sortedKeys } from "./value.ts";

export function compileIndex(of: Step, position: number | string): Step {
  const at = typeof position === "string" && hasHole(position) ? indexFromHole(position) : () => Number(position);
  return (current, run) => {
    run.spend(1);
    const list = of(current, run);
    if (list === undefined) return undefined;
    return Array.isArray(list) ? (list.at(at(run)) ?? null) : null;
  };
}

function indexFromHole(position: string): (run: Run) => number {
  return (run) => {
    const text = fillText(position, run);
    if (!/^-?\d{1,15}$/.test(text)) throw new Fault(`the index must be a whole number, not ${JSON.stringify(text)}`);
    return Number(text);
  };
}

export function compileSlice(of: Step, bounds: SliceBounds, position: number): Step {
  const step = bounds.step ?? 1;
  if (step === 0) throw new Fault("the step of a slice cannot be 0", { position });
  return (current, run) => {
    const list = of(current, run);
    if (!Array.isArray(list)) return null;
    run.build(8 * list.length);
    const start = sliceEnd(bounds.start, list.length, step, step > 0 ? 0 : list.length - 1);
    const stop = sliceEnd(bounds.stop, list.length, step, step > 0 ? list.length : -1);
    const slice: Json[] = [];
    for (let at = start; step > 0 ? at < stop : at > stop; at += step) slice.push(list[at] ?? null);
    return slice;
  };
}

/** A bound counted from the end when negative, and held within the list. */
function sliceEnd(bound: number | undefined, length: number, step: number, absent: number): number {
  if (bound === undefined) return absent;
  const at = bound < 0 ? bound + length : bound;
  return step > 0 ? Math.max(0, Math.min(at, length)) : Math.max(-1, Math.min(at, length - 1));
}

/** One level of lists inside the list is opened. */
export function compileFlatten(of: Step): Step {
  return (current, run) => {
    const list = of(current, run);
    if (!Array.isArray(list)) return null;
    const flat: Json[] = [];
    for (const item of list) {
      run.build(Array.isArray(item) ? 8 * item.length + 8 : 8);
      if (Array.isArray(item)) for (const inner of item) flat.push(inner);
      else flat.push(item);
    }
    return flat;
  };
}

export function compileProjection(over: Step, each: Step): Step {
  return (current, run) => {
    const list = over(current, run);
    return Array.isArray(list) ? projectItems(list, each, run) : null;
  };
}

export function compileValues(over: Step, each: Step): Step {
  return (current, run) => {
    const object = over(current, run);
    if (object === undefined || !isJsonObject(object)) return null;
    const values = sortedKeys(object, run).map((key) => object[key] ?? null);
    return projectItems(values, each, run);
  };
}

export function compileFilter(over: Step, test: Step, each: Step): Step {
  return (current, run) => {
    const list = over(current, run);
    if (!Array.isArray(list)) return null;
    return projectItems(
      list.filter((item) => isTruthy(test(item, run))),
      each,
      run,
    );
  };
}

function projectItems(list: readonly Json[], each: Step, run: Run): Json[] {
  run.build(8 * list.length);
  const results: Json[] = [];
  for (const item of list) {
    run.spend(1);
    const result = each(item, run);
    if (result !== undefined && result !== null) results.push(result);
  }
  return results;
}
