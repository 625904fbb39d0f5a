/** One object, as a watch shows it. */

import type { KubernetesObject } from "../object/index.ts";
import type { WatchSignal } from "../watch/index.ts";

export class OneObject {
  /** As it is stored; undefined: it is not there, or nothing is known yet. */
  object: KubernetesObject | undefined;
  /** True once it is known whether it is there. */
  synced = false;
  #listed: KubernetesObject | undefined;

  note(signal: WatchSignal): void {
    switch (signal.type) {
      case "listing":
        this.#listed = undefined;
        break;
      case "page":
        this.#listed = signal.objects[0] ?? this.#listed;
        break;
      case "synced":
        this.object = this.#listed;
        this.synced = true;
        break;
      case "changed":
        this.object = signal.object;
        break;
      case "deleted":
        this.object = undefined;
        break;
    }
  }
}
