import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { present } from '../../src/base/index.ts';
import type { CallMessage, LoadCall, LoadCalls, LoadPlan, ReplyMessage } from './load-messages.ts';
import { giveWay } from './processes.ts';

/** The load process, as the benchmark sees it. */
export class Load {
  readonly #process: ChildProcess;
  readonly #failed: Promise<never>;

  /** `niceness`: at which the system runs it; this process's own where that is higher. */
  constructor(plan: LoadPlan, signal: AbortSignal, niceness = 0) {
    this.#process = fork(join(import.meta.dirname, 'load-process.ts'), [JSON.stringify(plan)], { execArgv: [] });
    giveWay(this.pid, niceness);
    this.#failed = new Promise((_, reject) => {
      this.#process.once('exit', () => reject(new Error('the load process ended')));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    // Whoever calls next is told; nobody may be waiting just now.
    this.#failed.catch(() => undefined);
  }

  /** One call at a time. Rejects with what went wrong there, when the process ends, and when the run is interrupted. */
  call<Call extends LoadCall>(call: Call, request: LoadCalls[Call]['request']): Promise<LoadCalls[Call]['reply']> {
    const reply = new Promise<LoadCalls[Call]['reply']>((resolve, reject) => {
      this.#process.once('message', (message: ReplyMessage) => {
        if ('error' in message) reject(new Error(message.error));
        else resolve(message.reply as LoadCalls[Call]['reply']);
      });
    });
    const message: CallMessage = { call, request };
    this.#process.send(message);
    return Promise.race([reply, this.#failed]);
  }

  get pid(): number {
    return present(this.#process.pid, 'the process runs');
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}
