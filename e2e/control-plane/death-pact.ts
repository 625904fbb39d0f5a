/**
 * Processes that must not outlive this one, however it ends: by itself, by Ctrl-C, by an error, by SIGKILL.
 * A shell outside our process group reads the process ids from a pipe; when the pipe closes, which the kernel does for
 * the dead too, it kills them all.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";

export interface DeathPact {
  /** From now on the process group `pid` dies with us. */
  guard(pid: number): void;
  /** The process has ended: its number may soon be that of another. */
  forget(pid: number): void;
  /** The folder is to stay, whatever happens. */
  keepFolder(): void;
  /** Ends the guardian. What is still guarded is killed. */
  release(): Promise<void>;
}

/** POSIX shell, because that starts in a millisecond and is there on every system the control plane runs on. */
const guardian = `
trap '' INT TERM HUP QUIT
folder=$1
pids=' '
while read -r order pid; do
  case $order in
    guard) pids="$pids$pid " ;;
    forget) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
    keep) folder='' ;;
  esac
done
for pid in $pids; do kill -KILL "-$pid"; done
if [ -n "$folder" ]; then
  # The killed may still be writing for a moment.
  [ "$pids" = ' ' ] || sleep 1
  rm -rf -- "$folder"
fi
`;

/** Starts the guardian. In the end it also removes `folder`, which may be a single file, if one is given. */
export function makeDeathPact(folder = ""): DeathPact {
  const shell = spawn("/bin/sh", ["-c", guardian, "perennial-guardian", folder], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  const ended = once(shell, "exit");
  // A guardian that was killed takes no more orders; that is no reason to end a control plane that works.
  shell.stdin.on("error", () => {});
  shell.unref();
  const order = (line: string) => shell.stdin.write(`${line}\n`);
  return {
    guard: (pid) => void order(`guard ${pid}`),
    forget: (pid) => void order(`forget ${pid}`),
    keepFolder: () => void order("keep -"),
    async release() {
      shell.ref();
      shell.stdin.end();
      await ended;
    },
  };
}
