import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './support.ts';

const main = join(import.meta.dirname, '../../src/cli/main.ts');

/** A node that `assent start` runs, outside of any local cluster. */
export interface StartedNode {
  /** What it said on standard error and is no line of the log. */
  readonly said: () => string;
  /** Resolves with the exit code. */
  readonly ended: Promise<number | null>;
}

/** Starts the node of a directory; it is killed when the test is over. Resolves once it runs, or has ended. */
export async function startDirectory(directory: string, patienceMs?: number): Promise<StartedNode> {
  const child = spawn(process.execPath, [main, 'start', '--dir', directory], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  let [out, err, over] = ['', '', false];
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString();
  });
  child.stderr.on('data', (text: Buffer) => {
    err += text.toString();
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      over = true;
      resolve(code);
    });
  });
  await until('the node runs or has ended', () => over || out.includes('Ctrl-C stops it.'), patienceMs);
  const said = (): string =>
    err
      .split('\n')
      .filter((line) => !line.startsWith('{'))
      .join('\n');
  return { said, ended };
}
