import { AssentError, type Clock, errorTable, messageOf } from '../base/index.ts';
import { loadConfig } from './config/index.ts';
import { type RunningNode, startNode } from './daemon.ts';
import { boundHeaps } from './heap-bounds.ts';
import { httpThreadName } from './threads/http-thread.ts';
import { preferThread } from './threads/prefer-thread.ts';

/** The part of the process that a node's life hangs on: `process` itself, in the CLI. */
export interface HostProcess {
  on(event: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  on(event: 'uncaughtException' | 'unhandledRejection', listener: (error: unknown) => void): unknown;
  exit(code: number): void;
  readonly stderr: { write(text: string): unknown };
}

/** Exit code of a bug, also of one that no code names. */
const bugExitCode = 70;
/** What shells show for a program that an interrupt ended. */
const interruptedExitCode = 130;

/**
 * Runs the node of a configuration file until it stops, then exits the process. The first signal stops it cleanly, a
 * second at once. What nobody caught is a bug: the node ends, since what is in memory may no longer match what it
 * promised. `started` is told once it runs, `failed` what ended it, before the process exits.
 *
 * @throws AssentError when it does not start; nothing is left running.
 */
export async function superviseNode(
  configFile: string,
  host: HostProcess,
  started: (node: RunningNode) => void,
  failed: (fault: Error) => void = () => undefined,
  clock?: Clock,
): Promise<void> {
  boundHeaps();
  const signals = new Signals(host);
  const node = await startNode(loadConfig(configFile), clock);
  // Its turns are short, and somebody waits for each.
  preferThread(httpThreadName);
  started(node);
  signals.attach(node);
  const fault = await node.stopped;
  if (fault !== undefined) failed(fault);
  host.exit(fault === undefined ? 0 : fault instanceof AssentError ? errorTable[fault.code].exitCode : bugExitCode);
}

/** Signals may come before the node runs. */
class Signals {
  #node: RunningNode | undefined;
  #asked = false;

  constructor(host: HostProcess) {
    const onSignal = (): void => {
      if (this.#asked) host.exit(interruptedExitCode);
      this.#asked = true;
      void this.#node?.stop();
    };
    host.on('SIGINT', onSignal);
    host.on('SIGTERM', onSignal);
    const onBug = (error: unknown): void => {
      const bug = error instanceof Error ? error : new Error(messageOf(error));
      if (this.#node !== undefined) {
        this.#node.fail(bug);
        return;
      }
      host.stderr.write(`${bug.stack ?? bug.message}\n`);
      host.exit(bugExitCode);
    };
    host.on('uncaughtException', onBug);
    host.on('unhandledRejection', onBug);
  }

  attach(node: RunningNode): void {
    this.#node = node;
    if (this.#asked) void node.stop();
  }
}
