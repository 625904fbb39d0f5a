/** Who changes what we generated, as the API server tells while it happens; the operator remembers it for a while. */

import { type JsonObject, refOf } from "../object/index.ts";
import { ALLOWED, type ConfigurationOptions, changeIn, userEntries, usersPath } from "../webhook/index.ts";
import type { OperatorView } from "./operator-view.ts";
import { pathSecret } from "./path-secret.ts";
import type { ReviewServerOptions } from "./server.ts";

export type UsersOptions = {
  view: OperatorView;
  namespace: string;
  systemNamespaces: ReadonlySet<string>;
  /** True: users are recorded. */
  recordUsers: boolean;
  /** As the API server knows us; undefined while it was not asked. */
  ownUser(): string | undefined;
};

export class Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  reviewerAt: ReviewServerOptions["reviewerAt"] = (path) => {
    const { view, recordUsers, ownUser } = this.#options;
    const secret = pathSecret(view);
    if (!recordUsers || secret === undefined || path !== usersPath(secret)) return undefined;
    return {
      webhook: "users",
      review: (request) => {
        const change = changeIn(request);
        if (change !== undefined && change.user !== ownUser()) view.noteUser(refOf(change.object), change.user);
        return ALLOWED;
      },
    };
  };

  /** What the API server is to be told besides. */
  entries(options: ConfigurationOptions): JsonObject[] {
    const { view, namespace, systemNamespaces, recordUsers, ownUser } = this.#options;
    const leftAlone = [...new Set([...systemNamespaces, namespace])];
    const user = ownUser();
    return recordUsers && user !== undefined
      ? userEntries(view.generated(), { ...options, namespace, leftAlone, ownUser: user })
      : [];
  }
}
