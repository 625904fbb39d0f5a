/** The world as a rule sees it for one plan; what the rule looks at is written down. */

import type { Environment } from "../expression/index.ts";
import {
  isBeingDeleted,
  type KubernetesObject,
  keyOf,
  type ObjectKey,
  type ObjectRef,
  type Resource,
} from "../object/index.ts";
import type { Snapshot } from "../rule/index.ts";
import { type Dependency, dependsOnObject, type World } from "../state/index.ts";
import { type Absence, absenceOf } from "./fate.ts";

export class RecordedSnapshot implements Snapshot {
  readonly environment: Environment;
  readonly #world: World;
  readonly #looked = new Map<ObjectKey, ObjectRef>();
  readonly found: KubernetesObject[] = [];
  readonly #absent = new Map<ObjectKey, ObjectRef>();
  /** The first object of which nobody can say whether it is there: no conclusion may be drawn from the answers given. */
  unknown: ObjectRef | undefined;

  constructor(world: World) {
    this.#world = world;
    this.environment = world.environment;
  }

  /** The objects that were looked at. */
  get keys(): Iterable<ObjectKey> {
    return this.#looked.keys();
  }

  get dependencies(): Dependency[] {
    return [...this.#looked.values()].map(dependsOnObject);
  }

  /** What is being deleted counts as gone. */
  read(resource: Resource, ref: ObjectRef): KubernetesObject | undefined {
    const key = keyOf(ref);
    this.#looked.set(key, ref);
    const store = this.#world.objectsWith(resource, ref);
    if (store === undefined || !store.synced) {
      this.unknown ??= ref;
      return undefined;
    }
    const found = store.get(key);
    if (found !== undefined && !isBeingDeleted(found)) {
      this.found.push(found);
      return found;
    }
    this.#absent.set(key, ref);
    return undefined;
  }

  /** Why what depends on the absent objects may not be deleted yet. `lastSeen`: as for the absence of a trigger. */
  whyHeld(lastSeen: number): Extract<Absence, { type: "held" }> | undefined {
    const absences = [...this.#absent.values()].map((ref) => absenceOf(this.#world, ref, lastSeen));
    const held = absences.filter((absence) => absence.type === "held");
    // looked at again when the first of them may have another answer
    return held.sort((a, b) => (a.again ?? Number.POSITIVE_INFINITY) - (b.again ?? Number.POSITIVE_INFINITY))[0];
  }
}
