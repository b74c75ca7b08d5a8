import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** A process with an HTTP server that does nothing. */
export class MachineServer {
  readonly #process: ChildProcess;
  readonly url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  static start(): Promise<MachineServer> {
    const server = fork(join(import.meta.dirname, 'machine-process.ts'), { execArgv: [] });
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
