import { existsSync, statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { type ClusterFile, nodeLog } from './cluster-file.ts';
import { readPart } from './log-part.ts';
import { selectNode } from './survey.ts';

/** The end of one node's log. */
export interface LogTail {
  readonly number: number;
  readonly file: string;
  /** Tells the nodes apart where several are shown. */
  readonly prefix: string;
  readonly lines: readonly string[];
  /** Where the lines end in the file. */
  readonly endBytes: number;
}

/** The most of a log that is read from its end. */
const readBytesMax = 8 * 1024 * 1024;
const followEveryMs = 200;

/** The last lines of one node's log, or of all. */
export async function lastLines(
  directory: string,
  cluster: ClusterFile,
  selector: string | undefined,
  count: number,
): Promise<LogTail[]> {
  const nodes = selector === undefined ? cluster.nodes : [await selectNode(directory, cluster, selector)];
  return nodes.map(({ number }) => {
    const file = nodeLog(directory, number);
    const endBytes = existsSync(file) ? statSync(file).size : 0;
    const text = readPart(file, Math.max(0, endBytes - readBytesMax), endBytes);
    const lines = count === 0 ? [] : text.trimEnd().split('\n').slice(-count);
    return {
      number,
      file,
      prefix: nodes.length > 1 ? `${number} ` : '',
      lines: lines.filter((line) => line !== ''),
      endBytes,
    };
  });
}

/** Hands on the lines, then every line that is added, until the signal aborts. */
export async function followLogs(
  tails: readonly LogTail[],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const { prefix, lines } of tails) for (const line of lines) onLine(`${prefix}${line}`);
  const positions = new Map(tails.map(({ file, endBytes }) => [file, endBytes]));
  while (!signal.aborted) {
    for (const { file, prefix } of tails) {
      const size = existsSync(file) ? statSync(file).size : 0;
      const from = Math.min(positions.get(file) ?? 0, size);
      const added = readPart(file, from, Math.min(size, from + readBytesMax));
      // Only whole lines; the rest comes with the next look.
      const whole = added.slice(0, added.lastIndexOf('\n') + 1);
      positions.set(file, from + Buffer.byteLength(whole));
      for (const line of whole.split('\n').slice(0, -1)) onLine(`${prefix}${line}`);
    }
    await pause(followEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
