import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { present } from '../../src/base/index.ts';
import { giveWay } from './processes.ts';

/** A process with an HTTP server that does nothing. */
export class MachineServer {
  readonly #process: ChildProcess;
  readonly url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  /** `niceness`: see {@link giveWay}. */
  static start(niceness: number): Promise<MachineServer> {
    const server = fork(join(import.meta.dirname, 'machine-process.ts'), { execArgv: [] });
    giveWay(present(server.pid, 'the process runs'), niceness);
    return new Promise((resolve, reject) => {
      server.once('message', (url: string) => resolve(new MachineServer(server, url)));
      server.once('error', reject);
      server.once('exit', () => reject(new Error('the server that does nothing ended')));
    });
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}
