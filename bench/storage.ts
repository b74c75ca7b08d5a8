import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uint64Bytes } from '../src/base/index.ts';
import { randomBytes } from '../src/crypto/index.ts';
import { type Journal, type Operation, openDataDirectory, prefixedKey } from '../src/storage/index.ts';
import { diskConditions, machineConditions } from './machine.ts';
import { type Bench, type Row, rounded } from './rows.ts';
import { percentilesOf } from './statistics.ts';

const cases = [
  { name: 'batches-1', operations: 1, valueBytes: 256 },
  { name: 'batches-100', operations: 100, valueBytes: 256 },
  { name: 'batches-2000', operations: 2000, valueBytes: 256 },
] as const;

/** Synced batches of a node's journal, one after another: the disk's part of a block. */
export const storage: Bench = async ({ seconds, progress, signal }) => {
  const path = mkdtempSync(join(tmpdir(), 'assent-bench-'));
  try {
    const conditions = `one batch at a time, each synced, ${diskConditions(path)}, ${machineConditions()}`;
    const identity = { ledgerId: randomBytes(32), nodeKey: randomBytes(32) };
    const directory = await openDataDirectory(join(path, 'data'), identity);
    try {
      const rows: Row[] = [];
      for (const { name, operations, valueBytes } of cases) {
        progress(`${name} …`);
        signal.throwIfAborted();
        const { rate, p50 } = await appendFor(seconds / cases.length, directory.journal, operations, valueBytes);
        const said = `${operations} puts of ${valueBytes} B a batch, ${conditions}`;
        rows.push({ name: `storage/${name}`, value: rounded(rate), unit: 'batches/s', conditions: said });
        rows.push({ name: `storage/${name}/p50`, value: rounded(p50, 3), unit: 'ms', conditions: said });
      }
      return rows;
    } finally {
      await directory.close();
    }
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
};

let nextKey = 0;

async function appendFor(
  seconds: number,
  journal: Journal,
  count: number,
  valueBytes: number,
): Promise<{ rate: number; p50: number }> {
  const samples: number[] = [];
  const startMs = performance.now();
  do {
    const operations: Operation[] = [];
    for (let index = 0; index < count; index++) {
      operations.push({
        type: 'put',
        key: prefixedKey('state', uint64Bytes(nextKey++)),
        value: randomBytes(valueBytes),
      });
    }
    const beforeMs = performance.now();
    await new Promise<void>((resolve, reject) => {
      journal.append(operations, undefined, (error) => (error === undefined ? resolve() : reject(error)));
    });
    samples.push(performance.now() - beforeMs);
  } while (performance.now() - startMs < seconds * 1000);
  return { rate: (samples.length * 1000) / (performance.now() - startMs), p50: percentilesOf(samples).p50 };
}
