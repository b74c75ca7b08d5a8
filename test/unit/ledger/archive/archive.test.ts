import { describe, expect, test } from 'vitest';
import { AssentError, InvariantError, uint64Bytes } from '../../../../src/base/index.ts';
import { sha256 } from '../../../../src/crypto/index.ts';
import {
  ArchiveChunk,
  ArchiveReader,
  type ChunkBlock,
  chunkName,
  chunkStartFrom,
  encodeSignatures,
  openResult,
  signaturesName,
  UnverifiedTransaction,
} from '../../../../src/ledger/index.ts';
import { MemoryArchiveStore } from '../../../../src/storage/index.ts';
import { genesis, put, signed } from '../fixture.ts';
import { chain, chunksOf } from './archive-support.ts';

const { ledgerId } = genesis;
const large = (height: number): Uint8Array[] =>
  Array.from({ length: 4 }, (_, index) => signed('sim.put', [1, `${height}/${index}`, new Uint8Array(60_000)]));

async function archiveOf(blocks: readonly ChunkBlock[]): Promise<MemoryArchiveStore> {
  const store = new MemoryArchiveStore();
  for (const bytes of chunksOf(blocks)) await store.put(chunkName(new ArchiveChunk(bytes, ledgerId).head), bytes);
  return store;
}

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error instanceof AssentError ? error.code : error;
  }
  return undefined;
}

/** The bytes with the digest that belongs to them: what a forger would write. */
function resealed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const forged = bytes.slice();
  forged[at] = value;
  forged.set(sha256(forged.subarray(0, -32)), forged.length - 32);
  return forged;
}

describe('chunks', () => {
  test('end before every multiple of 1,024, so that a chain which is seen from later on gives the same files', () => {
    const blocks = chain(1, 3 * 1024 - 1);
    const all = chunksOf(blocks);
    expect(all.map((bytes) => new ArchiveChunk(bytes, ledgerId).head)).toMatchObject([
      { first: 1, last: 1023 },
      { first: 1024, last: 2047 },
      { first: 2048, last: 3071 },
    ]);
    const from = chunkStartFrom(1500);
    expect(from).toBe(2048);
    expect(chunksOf(blocks.filter(({ header }) => header.height >= from))).toEqual(all.slice(2));
  });

  test('end with the block with which they have 4 MiB', () => {
    const blocks = chain(1, 60, { transactions: large });
    const heads = chunksOf(blocks).map((bytes) => new ArchiveChunk(bytes, ledgerId));
    expect(heads.map(({ head: { first, last } }) => [first, last])).toEqual([
      [1, 18],
      [19, 36],
      [37, 54],
    ]);
    expect(Math.max(...heads.map(({ bytes }) => bytes.length))).toBeLessThan(4.5 * 1024 * 1024);
  });

  test('give back every block, and verify', () => {
    const transactions = (height: number): Uint8Array[] =>
      height % 10 === 0 ? [put(`a/${height}`, 1).bytes, put(`b/${height}`, 2).bytes] : [];
    const blocks = chain(1, 1023, { transactions });
    const [bytes] = chunksOf(blocks) as [Uint8Array];
    const chunk = new ArchiveChunk(bytes, ledgerId);
    const verified = [...chunk.verify(ledgerId)].filter((block) => block !== undefined);
    expect(verified.map(({ hashHex: _, ...block }) => block)).toEqual(blocks);
    const [ok, refused] = chunk.block(10).resultBytes.map((result) => openResult(result, (code) => `${code}!`));
    expect(ok).toEqual({ ok: true, output: 10 });
    expect(refused).toEqual({ ok: false, code: 'no-luck', rule: 'has-luck', sentence: 'no-luck!' });
  });

  test('find a block by its hash and a transaction by its id, and nothing else', () => {
    const blocks = chain(1, 1023);
    const chunk = new ArchiveChunk(chunksOf(blocks)[0] as Uint8Array, ledgerId);
    for (const { header, hash, transactionBytes } of blocks) {
      expect(chunk.find(hash)).toEqual({ height: header.height });
      for (const [index, bytes] of transactionBytes.entries())
        expect(chunk.find(new UnverifiedTransaction(bytes).id)).toEqual({ height: header.height, index });
    }
    expect(chunk.find(sha256(uint64Bytes(1)))).toBeUndefined();
  });

  test('notice every flipped bit', () => {
    const blocks = chain(1024 * 7 + 1000, 24);
    const [bytes] = chunksOf(blocks) as [Uint8Array];
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      expect(
        errorOf(() => new ArchiveChunk(flipped, ledgerId)),
        `byte ${at}`,
      ).toBe('archive-damaged');
    }
    for (const length of [0, 7, 103, 104, 200, bytes.length - 1])
      expect(errorOf(() => new ArchiveChunk(bytes.slice(0, length), ledgerId))).toBe('archive-damaged');
  });

  test('notice what somebody has written anew, digest and all', () => {
    const blocks = chain(1024 * 7 + 1000, 24);
    const [bytes] = chunksOf(blocks) as [Uint8Array];
    const first = 1024 * 7 + 1000;
    for (let at = 0; at < bytes.length - 32; at++) {
      const forged = resealed(bytes, at, (bytes[at] as number) ^ (1 << (at % 8)));
      const found = errorOf(() => {
        const verified = [...new ArchiveChunk(forged, ledgerId).verify(blocks[0]?.header.parentHash)];
        // A header that is changed with all its descendants is another chain: its end is not the one that is certified.
        if (verified.at(-1)?.hashHex !== undefined) throw new Error('accepted');
      });
      expect(found, `byte ${at}`).toBe('archive-damaged');
    }
    expect(errorOf(() => [...new ArchiveChunk(bytes, ledgerId).verify(new Uint8Array(32))])).toBe('archive-damaged');
    expect(new ArchiveChunk(bytes, ledgerId).head.first).toBe(first);
  });

  test('refuse a chunk of another ledger', () => {
    const [bytes] = chunksOf(chain(1024 + 1020, 4)) as [Uint8Array];
    expect(errorOf(() => new ArchiveChunk(bytes, new Uint8Array(32)))).toBe('archive-damaged');
  });
});

describe('the reader', () => {
  test('reads blocks and transactions across chunks', async () => {
    const blocks = chain(1, 3 * 1024 + 5);
    const reader = await ArchiveReader.open(await archiveOf(blocks), ledgerId);
    expect(reader.ranges.at(-1)).toEqual({ first: 2048, last: 3071 });
    expect((await reader.block(1500))?.hash).toEqual(blocks[1499]?.hash);
    expect(await reader.block(3072)).toBeUndefined();
    const { hash, transactionBytes } = blocks[1599] as ChunkBlock;
    const { id } = new UnverifiedTransaction(transactionBytes[0] as Uint8Array);
    // Once without the chunk in memory, once with it.
    for (let round = 0; round < 2; round++) {
      expect((await reader.transaction(id))?.block.header.height).toBe(1600);
      expect((await reader.blockByHash(hash))?.header.height).toBe(1600);
      expect(await reader.transaction(hash)).toBeUndefined();
      expect(await reader.transaction(sha256(id))).toBeUndefined();
    }
    let count = 0;
    for await (const block of reader.blocks(1000)) {
      expect(block.header.height).toBe(1000 + count);
      count += 1;
    }
    expect(count).toBe(3071 - 999);
  });

  test('asks whether a chunk is of the chain before it answers from it', async () => {
    const store = await archiveOf(chain(1, 1023));
    const reader = new ArchiveReader(store, ledgerId, [{ first: 1, last: 1023 }], () => {
      throw new AssentError('archive-damaged', 'not of this chain');
    });
    await expect(reader.block(1)).rejects.toMatchObject({ code: 'archive-damaged' });
    await expect(reader.block(1)).rejects.toMatchObject({ code: 'archive-damaged' });
  });

  test('does not say that something is unknown where the names are damaged', async () => {
    const store = await archiveOf(chain(1, 1023));
    const name = chunkName({ first: 1, last: 1023 });
    const bytes = (await store.get(name)) as Uint8Array;
    const { bucketsAt } = new ArchiveChunk(bytes, ledgerId).head;
    for (let at = bucketsAt; at < bytes.length - 32; at += 97) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ 1;
      await store.put(name, flipped);
      const reader = await ArchiveReader.open(store, ledgerId);
      // Of some ids one is in the bucket that was hit; the others are answered.
      const codes = new Set<unknown>();
      for (let first = 0; first < 256; first += 8) {
        const id = new Uint8Array(32).fill(first);
        codes.add(await reader.transaction(id).catch((error: AssentError) => error.code));
      }
      expect(codes, `byte ${at}`).toContain('archive-damaged');
    }
  });

  test('takes in chunks in any order, and none twice', async () => {
    const store = await archiveOf(chain(1, 3071));
    const reader = new ArchiveReader(store, ledgerId, []);
    for (const first of [1024, 2048, 1]) reader.add({ first, last: first === 1 ? 1023 : first + 1023 });
    expect(reader.ranges.map(({ first }) => first)).toEqual([1, 1024, 2048]);
    expect(() => reader.add({ first: 1000, last: 1024 })).toThrow(InvariantError);
    expect((await reader.block(1023))?.header.height).toBe(1023);
  });

  test('reports a file that is gone or cut off', async () => {
    const store = await archiveOf(chain(1, 1023));
    const reader = await ArchiveReader.open(store, ledgerId);
    await store.put(chunkName({ first: 1, last: 1023 }), new Uint8Array(50));
    await expect(reader.block(5)).rejects.toMatchObject({ code: 'archive-damaged' });
    await expect(reader.transaction(ledgerId)).rejects.toMatchObject({ code: 'archive-damaged' });
    await store.remove(chunkName({ first: 1, last: 1023 }));
    await expect(reader.block(5)).rejects.toMatchObject({ code: 'archive-damaged' });
    expect(await (await ArchiveReader.open(store, ledgerId)).block(5)).toBeUndefined();
  });

  test('refuses an archive in which two chunks hold the same block', async () => {
    const store = await archiveOf(chain(1, 1023));
    await store.put(chunkName({ first: 1023, last: 1023 }), new Uint8Array());
    await expect(ArchiveReader.open(store, ledgerId)).rejects.toMatchObject({ code: 'archive-damaged' });
  });

  test('reads the signatures beside a chunk, and notices every flipped bit of them', async () => {
    const store = await archiveOf(chain(1024 + 1020, 4));
    const range = { first: 2044, last: 2047 };
    const signatures = {
      headerSignatures: [1, 2, 3, 4].map((value) => new Uint8Array(64).fill(value)),
      blockCertificates: [Uint8Array.of(1)],
      termCertificates: [],
    };
    const bytes = encodeSignatures(ledgerId, range, signatures);
    await store.put(signaturesName(range), bytes);
    const reader = await ArchiveReader.open(store, ledgerId);
    expect(await reader.signatures(range)).toEqual(signatures);
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
      await store.put(signaturesName(range), flipped);
      await expect(reader.signatures(range), `byte ${at}`).rejects.toMatchObject({ code: 'archive-damaged' });
    }
  });
});
