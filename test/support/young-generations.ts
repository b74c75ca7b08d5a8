/** Says how far the young generations of the main thread and of a thread with a bound of 6 MiB grow, in bytes. */
import { getHeapSpaceStatistics } from 'node:v8';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { boundHeaps } from '../../src/node/heap-bounds.ts';

/** What survives makes V8 give it more room. */
function grow(): number {
  const kept: unknown[] = [];
  for (let count = 0; count < 2_000_000; count++) kept[count % 400_000] = { count, list: [count] };
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_size ?? 0;
}

if (isMainThread) {
  boundHeaps();
  const worker = new Worker(new URL(import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: 6 } });
  const main = grow();
  worker.once('message', (thread: number) => process.stdout.write(JSON.stringify({ main, thread })));
} else parentPort?.postMessage(grow());
