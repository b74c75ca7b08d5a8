import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { present } from '../../src/base/index.ts';
import { giveWay } from './processes.ts';

interface Listening {
  readonly url: string;
  readonly echoPort: number;
}

/** A process with an HTTP server that does nothing. */
export class MachineServer {
  readonly #process: ChildProcess;
  readonly url: string;
  readonly #echoPort: number;

  private constructor(process: ChildProcess, { url, echoPort }: Listening) {
    this.#process = process;
    this.url = url;
    this.#echoPort = echoPort;
  }

  /** `niceness`: see {@link giveWay}. `asked`: it asks this one before it answers. */
  static start(niceness: number, asked?: MachineServer): Promise<MachineServer> {
    const ports = asked === undefined ? [] : [String(asked.#echoPort)];
    const server = fork(join(import.meta.dirname, 'machine-process.ts'), ports, { execArgv: [] });
    giveWay(present(server.pid, 'the process runs'), niceness);
    return new Promise((resolve, reject) => {
      server.once('message', (listening: Listening) => resolve(new MachineServer(server, listening)));
      server.once('error', reject);
      server.once('exit', () => reject(new Error('the server that does nothing ended')));
    });
  }

  stop(): void {
    this.#process.kill('SIGKILL');
  }
}
