import { homedir } from 'node:os';
import { createInterface } from 'node:readline';
import { askSecret } from './keys/ask-secret.ts';

/** Where text goes. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What surrounds the program: streams, environment, the person at the terminal, signals. */
export interface Shell {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly userDirectory: string;
  readStandardInput(): Promise<Uint8Array>;
  /** Asks without echo; undefined where nobody can answer. */
  askSecret(question: string): Promise<string | undefined>;
  /** Asks for a yes; undefined where nobody can answer. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Calls back on SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

const interruptSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The shell of this process. */
export function processShell(): Shell {
  const { stdin, stdout, stderr } = process;
  return {
    stdout,
    stderr,
    environment: process.env,
    workingDirectory: process.cwd(),
    userDirectory: homedir(),
    async readStandardInput() {
      const parts: Uint8Array[] = [];
      for await (const part of stdin) parts.push(part as Uint8Array);
      return Uint8Array.from(Buffer.concat(parts));
    },
    askSecret: (question) => askSecret(question, stdin, stderr),
    async confirm(question) {
      if (!stdin.isTTY) return undefined;
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        const answer = await new Promise<string>((resolve) => {
          lines.question(`${question} [y/N] `, resolve);
          lines.once('close', () => resolve(''));
        });
        return /^y(es)?$/i.test(answer.trim());
      } finally {
        lines.close();
      }
    },
    onInterrupt(listener) {
      for (const signal of interruptSignals) process.on(signal, listener);
      return () => {
        for (const signal of interruptSignals) process.off(signal, listener);
      };
    },
  };
}
