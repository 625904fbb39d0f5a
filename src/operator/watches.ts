/** The set of running watches: what is wanted is started, what is not wanted any more is stopped. */

import type { Observable, Subscription } from "rxjs";
import { type ApiFailure, type Selection, selectionKey, widerSelections } from "../cluster/index.ts";
import type { KubernetesObject } from "../object/index.ts";
import type { WatchSignal } from "../watch/index.ts";

/** `seen`: how far it has come, in resourceVersion, and the latest creation time of what it showed; `listed`: of a list so far. */
export type WatchState = { selection: Selection; synced: boolean; failure?: ApiFailure; listed?: string; seen?: Seen };

type Seen = { version: string; time: string };

export interface Watches {
  /** Makes these the watches that run; those that run already go on. */
  want(selections: readonly Selection[]): void;
  /** The watch that shows what is selected: just that, or more. Undefined when there is none. */
  stateOf(selection: Selection): WatchState | undefined;
  /** True when each watch has shown its list, or was refused: no more can be known just now. */
  readonly settled: boolean;
  stop(): void;
}

/** Called with each signal, in order; the state already says `synced` when the signal does. */
export type SignalHandler = (watch: WatchState, signal: WatchSignal) => void;

/** Lists and watches one selection for ever. */
export type ReflectSelection = (selection: Selection) => Observable<WatchSignal>;

export type WatchErrorHandler = (watch: WatchState, error: unknown) => void;

export function createWatches(reflect: ReflectSelection, handle: SignalHandler, onError: WatchErrorHandler): Watches {
  return new RunningWatches(reflect, handle, onError);
}

type Running = { state: WatchState; subscription: Subscription };

class RunningWatches implements Watches {
  readonly #reflect: ReflectSelection;
  readonly #handle: SignalHandler;
  readonly #onError: WatchErrorHandler;
  readonly #running = new Map<string, Running>();

  constructor(reflect: ReflectSelection, handle: SignalHandler, onError: WatchErrorHandler) {
    this.#reflect = reflect;
    this.#handle = handle;
    this.#onError = onError;
  }

  want(selections: readonly Selection[]): void {
    const wanted = new Map(selections.map((selection) => [selectionKey(selection), selection]));
    for (const [key, { subscription }] of this.#running) {
      if (wanted.has(key)) continue;
      subscription.unsubscribe();
      this.#running.delete(key);
    }
    for (const [key, selection] of wanted) this.#start(key, selection);
  }

  stateOf(selection: Selection): WatchState | undefined {
    const serving = [selection, ...widerSelections(selection)].map((found) => this.#running.get(selectionKey(found)));
    return serving.find((running) => running !== undefined)?.state;
  }

  get settled(): boolean {
    return [...this.#running.values()].every(({ state }) => state.synced || state.failure !== undefined);
  }

  stop(): void {
    for (const { subscription } of this.#running.values()) subscription.unsubscribe();
    this.#running.clear();
  }

  /** A wider or narrower watch of the same kind begins with a list: what was known stays until that list is whole. */
  #start(key: string, selection: Selection): void {
    if (this.#running.has(key)) return;
    const state: WatchState = { selection, synced: false };
    const subscription = this.#reflect(selection).subscribe((signal) => {
      note(state, signal);
      try {
        this.#handle(state, signal);
      } catch (error) {
        this.#onError(state, error); // one object that nobody foresaw must not end the process
      }
    });
    this.#running.set(key, { state, subscription });
  }
}

function note(state: WatchState, signal: WatchSignal): void {
  if (signal.type === "failed") state.failure = signal.failure;
  if (signal.type === "synced" || signal.type === "recovered") delete state.failure;
  if (signal.type === "synced") state.synced = true;
  noteSeen(state, signal);
}

/** Whatever the time of an object that goes or comes: the latest counts. */
function noteSeen(state: WatchState, signal: WatchSignal): void {
  switch (signal.type) {
    case "page":
      state.listed = signal.objects.reduce(laterCreation, state.listed ?? "");
      return;
    case "synced":
      state.seen = { version: signal.resourceVersion, time: later(state.listed ?? "", state.seen?.time ?? "") };
      return;
    case "bookmark":
      if (state.seen !== undefined) state.seen.version = signal.resourceVersion;
      return;
    case "changed":
    case "deleted":
      if (state.seen === undefined) return;
      state.seen.version = signal.object.metadata.resourceVersion ?? state.seen.version;
      state.seen.time = laterCreation(state.seen.time, signal.object);
  }
}

/** Times of the API server compare as texts. */
function laterCreation(time: string, { metadata }: KubernetesObject): string {
  return later(time, metadata.creationTimestamp ?? "");
}

function later(a: string, b: string): string {
  return a > b ? a : b;
}
