import { runProgram } from '../../src/cli/program.ts';
import type { Shell } from '../../src/cli/shell.ts';

/** What one command line came to. */
export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliSurroundings {
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly input?: Uint8Array;
  /** The answer to a question for a yes; nobody is there to answer unless given. */
  readonly answer?: boolean;
  /** Interrupts the program when it aborts. */
  readonly interrupt?: AbortSignal;
}

/** Runs a command line of the program in this process. The nodes that it starts are processes of their own. */
export async function runCli(args: readonly string[], surroundings: CliSurroundings = {}): Promise<CliResult> {
  const { environment = {}, workingDirectory = process.cwd(), input, answer, interrupt } = surroundings;
  const out: string[] = [];
  const err: string[] = [];
  const shell: Shell = {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    environment,
    workingDirectory,
    userDirectory: workingDirectory,
    readStandardInput: () => Promise.resolve(input ?? new Uint8Array()),
    askSecret: () => Promise.resolve(undefined),
    confirm: () => Promise.resolve(answer),
    onInterrupt(listener) {
      interrupt?.addEventListener('abort', listener);
      return () => interrupt?.removeEventListener('abort', listener);
    },
  };
  const exitCode = await runProgram(args, shell);
  return { exitCode, stdout: out.join(''), stderr: err.join('') };
}

/** The document that a command printed with `--json`. The caller names its shape. */
export function documentOf<T>({ stdout }: CliResult): T {
  return JSON.parse(stdout) as T;
}
