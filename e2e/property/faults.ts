/** What befalls the machinery while the sequences go on. */

import type { Fault } from "./operation.ts";
import type { Stage } from "./stage.ts";

/** Returns when it is over; whether everything works again by then is for others to wait for. */
export async function commit({ what }: Fault, stage: Stage): Promise<void> {
  const { plane } = stage.cluster;
  switch (what) {
    case "restart the operator":
      await stage.stop();
      return stage.start();
    case "kill the operator":
      await stage.kill();
      return stage.start();
    case "restart the API server":
      return plane.restartApiServer();
    case "kill the API server":
      await plane.killApiServer();
      return plane.startApiServer();
    case "restart etcd":
      return plane.restartEtcd();
  }
}
