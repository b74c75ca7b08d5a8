import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClassicLevel } from 'classic-level';
import type { PruneView } from '../../src/api/index.ts';
import { type KeyPrefix, keyPrefixes, prefixRange } from '../../src/storage/index.ts';

/** What a node has on the disk. */
export interface DiskBytes {
  readonly data: number;
  readonly archive: number;
}

export function diskBytesOf(nodeFolder: string): DiskBytes {
  const archive = bytesUnder(join(nodeFolder, 'archive'));
  return { data: bytesUnder(nodeFolder) - archive, archive };
}

/** What the files take; a folder that is being written to may lose one meanwhile. */
function bytesUnder(folder: string): number {
  let bytes = 0;
  for (const name of readdirSync(folder)) {
    const stats = lstatSync(join(folder, name), { throwIfNoEntry: false });
    if (stats?.isDirectory()) bytes += bytesUnder(join(folder, name));
    else bytes += stats?.size ?? 0;
  }
  return bytes;
}

/** What each kind of record takes in the database of a stopped node, the largest first, as LevelDB estimates it. */
export async function prefixBytesOf(nodeFolder: string): Promise<(readonly [KeyPrefix, number])[]> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(join(nodeFolder, 'data', 'database'), {
    keyEncoding: 'view',
    compression: false,
    createIfMissing: false,
  });
  await level.open();
  try {
    const sizes = Object.keys(keyPrefixes).map(async (name) => {
      const prefix = name as KeyPrefix;
      const { from, to } = prefixRange(prefix);
      return [prefix, await level.approximateSize(from, to)] as const;
    });
    return (await Promise.all(sizes)).sort(([, left], [, right]) => right - left);
  } finally {
    await level.close();
  }
}

/** Gives up all that may be given up, and resolves when it is gone: the room that it took, too. */
export async function pruneAll(url: string, signal: AbortSignal): Promise<PruneView> {
  for (;;) {
    const reply = await fetch(`${url}/v1/archive/prune`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ keepBlocks: 0, keepDays: null }),
    });
    if (reply.status !== 200) throw new Error(`pruning ended with ${reply.status}: ${await reply.text()}`);
    const view = (await reply.json()) as PruneView;
    if (!view.isDone) continue;
    while ((await sweptThrough(url)) < view.prunedThrough) await sleep(500, undefined, { signal });
    return view;
  }
}

async function sweptThrough(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^assent_swept_through (\d+)$/m.exec(text)?.[1]);
}
