import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileProgress } from '../../../../src/api/index.ts';
import { present, readUint64 } from '../../../../src/base/index.ts';
import { readBlock } from '../../../../src/ledger/index.ts';
import { auditDirectory, openCheckpoint, type RunningNode } from '../../../../src/node/index.ts';
import { putIndexed } from '../../../../src/node/query-index/records.ts';
import { type Entry, type Operation, openForReading, prefixRange, type Store } from '../../../../src/storage/index.ts';
import { encodeCheckpoint } from '../../../../src/verify/index.ts';
import { alteredCopy, bent, type LeftBehind, leaveBehind } from './support.ts';

/** A node whose index has two groups of blocks on disk, 1 to 63 and 64 to 127, and whose one snapshot is of the first. */
let left: LeftBehind;
let snapshot: string;
const folder = mkdtempSync(join(tmpdir(), 'assent-index-'));
beforeAll(async () => {
  left = await leaveBehind(folder, 130, 1, { snapshots: { keep: 50 } }, snapshotOnce());
  const [name] = readdirSync(join(folder, 'snapshots'));
  snapshot = join(folder, 'snapshots', present(name, 'one was written'));
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function snapshotOnce(): (node: RunningNode) => Promise<void> {
  let isWritten = false;
  return async ({ apiUrl }) => {
    const headers = { 'content-type': 'application/json' };
    while (!isWritten) {
      const response = await fetch(`${apiUrl}/v1/snapshots`, { method: 'POST', body: '{}', headers });
      isWritten = ((await response.json()) as FileProgress).written !== null;
    }
  };
}

/** The first record of places of the group that begins with this block. */
async function recordFrom(store: Store, first: number): Promise<Entry> {
  const entries = await store.range({ ...prefixRange('queryIndex', Uint8Array.of(2)), limit: 10_000 });
  return present(
    entries.find(([key]) => readUint64(key, key.length - 8) === first),
    `there is a record from block ${first} on`,
  );
}

/** As if the node had been killed before it wrote how far the index goes now. */
function indexedThrough(store: Store, through: number): Operation {
  return putIndexed({ from: 1, through, hash: present(readBlock(store, through), 'it is kept').hash });
}

function verify(alter: Parameters<typeof alteredCopy>[1], since?: Parameters<typeof auditDirectory>[2]) {
  return alteredCopy(left, alter).then((copy) => auditDirectory(copy, left.genesis, since));
}

const fault = { code: 'verification-failed', data: { check: 'query-index' } };

describe('the index of transactions of a stopped node', () => {
  it.each([1, 64])('is wrong when a record from block %d on is another', async (first) => {
    const changed = async (store: Store): Promise<Operation[]> => {
      const [key, value] = await recordFrom(store, first);
      return [{ type: 'put', key, value: bent(value) }];
    };
    await expect(verify(changed)).rejects.toMatchObject(fault);
  });

  it('may have some of the records of the group that comes next, and no others', async () => {
    const some = async (store: Store): Promise<Operation[]> => [
      indexedThrough(store, 63),
      { type: 'delete', key: (await recordFrom(store, 64))[0] },
    ];
    expect(await verify(some)).toMatchObject({ height: left.height });
    const wrong = async (store: Store): Promise<Operation[]> => {
      const [key, value] = await recordFrom(store, 64);
      return [indexedThrough(store, 63), { type: 'put', key, value: bent(value) }];
    };
    await expect(verify(wrong)).rejects.toMatchObject(fault);
    const strange = async (store: Store): Promise<Operation[]> => {
      const [key, value] = await recordFrom(store, 64);
      return [indexedThrough(store, 63), { type: 'put', key: bent(key), value }];
    };
    await expect(verify(strange)).rejects.toMatchObject(fault);
  });

  it('never ends within a group', async () => {
    await expect(verify((store) => [indexedThrough(store, 100)])).rejects.toMatchObject(fault);
  });

  it('is looked at from the first group on that has no block before the snapshot', async () => {
    const copy = await openForReading(left.data);
    const { headerBytes } = present(readBlock(copy.directory.store, 1), 'it is kept');
    await copy.close();
    const since = { since: { checkpoint: openCheckpoint(encodeCheckpoint(headerBytes)), snapshot } };
    const changed = (first: number) => async (store: Store) => {
      const [key, value] = await recordFrom(store, first);
      return [{ type: 'put', key, value: bent(value) } as const];
    };
    expect(await auditDirectory(left.data, left.genesis, since)).toMatchObject({ height: left.height });
    expect(await verify(changed(1), since)).toMatchObject({ height: left.height });
    await expect(verify(changed(64), since)).rejects.toMatchObject(fault);
  });
});
