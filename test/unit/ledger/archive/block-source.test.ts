import { beforeEach, describe, expect, it } from 'vitest';
import { uint64Bytes } from '../../../../src/base/index.ts';
import { CommittedBlocks } from '../../../../src/ledger/index.ts';
import { MemoryStore, prefixedKey, type Store } from '../../../../src/storage/index.ts';
import { fill, Node, writeTo } from '../snapshot-support.ts';

const height = 40;
const nothing = async (): Promise<void> => undefined;
let store: MemoryStore;
let snapshots: number;
let blocks: CommittedBlocks;
beforeEach(async () => {
  store = new MemoryStore();
  const node = await Node.begin(store);
  for (let count = 0; count < height; count++) await node.grow([fill(count, count + 3, 8)]);
  snapshots = 0;
  const counted: Pick<Store, 'snapshot'> = {
    snapshot: () => {
      snapshots += 1;
      return store.snapshot();
    },
  };
  blocks = new CommittedBlocks(counted);
});

async function heightsFrom(from: number, through = height): Promise<(number | undefined)[]> {
  const heights: (number | undefined)[] = [];
  for (let at = from; at <= through; at++) heights.push((await blocks.read(at, through, nothing))?.block.header.height);
  return heights;
}

describe('committed blocks', () => {
  it('are read several at a time where they are small, each with its results', async () => {
    expect(await heightsFrom(1)).toEqual(Array.from({ length: height }, (_, index) => index + 1));
    // One, whose size says how many can be read next, then 16 at a time.
    expect(snapshots).toBe(4);
    const read = await blocks.read(7, height, nothing);
    expect(read?.block.resultBytes).toHaveLength(1);
  });

  it('are not read ahead of what is committed, and end where there are no more', async () => {
    await blocks.read(1, 1, nothing);
    expect((await blocks.read(2, 3, nothing))?.block.header.height).toBe(2);
    await writeTo(store)([{ type: 'delete', key: prefixedKey('block', uint64Bytes(4)) }]);
    expect(await heightsFrom(3, 5)).toEqual([3, undefined, 5]);
    expect(await blocks.read(height + 1, height + 1, nothing)).toBeUndefined();
  });

  it('are given up to one that is damaged, which is read again once it is whole', async () => {
    const key = prefixedKey('block', uint64Bytes(9));
    const whole = store.get(key) as Uint8Array;
    await writeTo(store)([{ type: 'put', key, value: whole.subarray(0, 50) }]);
    expect(await heightsFrom(1, 8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await expect(blocks.read(9, height, nothing)).rejects.toMatchObject({ code: 'storage-damaged' });
    await writeTo(store)([{ type: 'put', key, value: whole }]);
    expect(await heightsFrom(9, 12)).toEqual([9, 10, 11, 12]);
    await writeTo(store)([{ type: 'delete', key: prefixedKey('blockHash', (await blockHash(13)) as Uint8Array) }]);
    blocks = new CommittedBlocks(store);
    await expect(blocks.read(13, height, nothing)).rejects.toMatchObject({ code: 'storage-damaged' });
  });
});

async function blockHash(at: number): Promise<Uint8Array | undefined> {
  return (await blocks.read(at, at, nothing))?.block.hash;
}
