import { beforeEach, describe, expect, it } from 'vitest';
import type { BlockCertificate, CommittedBlock } from '../../../../src/consensus/index.ts';
import { encodeNodeId } from '../../../../src/crypto/index.ts';
import type { Ledger, ReceivedBlock } from '../../../../src/ledger/index.ts';
import { CommitQueue } from '../../../../src/node/replica/commit-queue.ts';
import { certificateKey } from '../../../../src/node/replica/index.ts';
import { WrittenCertificates } from '../../../../src/node/replica/written-certificates.ts';
import { keyPrefixes, type MemoryStore, type Operation } from '../../../../src/storage/index.ts';
import { genesis, openLedger, proposer, put, write } from '../../ledger/fixture.ts';
import { chainOf, referenceOf } from './fixture.ts';

let ledger: Ledger;
let store: MemoryStore;
let blocks: readonly ReceivedBlock[];
let writing: { readonly operations: readonly Operation[]; readonly urgent: boolean; readonly done: () => void }[];
let awaited: number | undefined;
let settled: (readonly [height: number, receipts: number])[];
let certificates: WrittenCertificates;
let queue: CommitQueue;
beforeEach(async () => {
  ({ ledger, store } = await openLedger());
  blocks = chainOf(
    ledger,
    Array.from({ length: 100 }, (_, index) => [put('a', index + 1)]),
  );
  writing = [];
  awaited = undefined;
  settled = [];
  certificates = new WrittenCertificates();
  queue = new CommitQueue({
    ledger,
    certificates,
    write: (operations, urgent, done) => writing.push({ operations, urgent, done }),
    isAwaited: ({ height }) => height === awaited,
    onSettled: (block, receipts) => settled.push([block.height, receipts.length]),
  });
});

/** Certified by a later block, as all but the newest are. */
function committed(height: number, certifiedHeight: number): CommittedBlock {
  const certifiedBlock = referenceOf(blocks[certifiedHeight - 1] as ReceivedBlock);
  const certificate: BlockCertificate = {
    ack: {
      term: 1,
      height: certifiedHeight,
      blockHash: certifiedBlock.hash,
      configurationHash: genesis.configuration.hash,
    },
    signatures: [{ signer: encodeNodeId(proposer.publicKey), signature: new Uint8Array(64) }],
  };
  return { block: referenceOf(blocks[height - 1] as ReceivedBlock), certificate };
}

async function disk(): Promise<boolean> {
  const next = writing.shift();
  if (next === undefined) return false;
  await write(store, next.operations);
  next.done();
  return true;
}

describe('the commit queue', () => {
  it('hurries the commit that somebody waits for, and one after which no more would be taken', () => {
    awaited = 3;
    for (let height = 1; height <= 8; height++) queue.push(committed(height, 8));
    expect(writing.flatMap(({ urgent }, index) => (urgent ? [index + 1] : []))).toEqual([3, 8]);
  });

  it('hands the disk a bounded number of batches, in chain order, and says when it is behind', async () => {
    for (let height = 1; height <= 100; height++) queue.push(committed(height, 100));
    expect([writing.length, queue.length, queue.isBehind, ledger.committedHeight]).toEqual([8, 100, true, 8]);
    let writingMax = 0;
    while (await disk()) writingMax = Math.max(writingMax, writing.length);
    expect(writingMax).toBe(8);
    expect(settled).toEqual(Array.from({ length: 100 }, (_, index) => [index + 1, 1]));
    expect([queue.length, queue.isBehind, ledger.applied.height]).toEqual([0, false, 100]);
  });

  it('shows nothing of a block before its batch is durable', async () => {
    queue.push(committed(1, 1));
    expect([ledger.applied.height, settled]).toEqual([0, []]);
    await disk();
    expect([ledger.applied.height, settled]).toEqual([1, [[1, 1]]]);
  });

  it('writes each certificate with the first block that relies on it', async () => {
    for (const [height, certifiedHeight] of [
      [1, 2],
      [2, 2],
      [3, 3],
    ] as const) {
      queue.push(committed(height, certifiedHeight));
    }
    const written = writing.map(({ operations }) =>
      [1, 2, 3].filter((height) => {
        const key = certificateKey(height);
        return operations.some((operation) => Buffer.compare(operation.key, key) === 0);
      }),
    );
    expect(written).toEqual([[2], [], [3]]);
  });

  it('does not write a certificate that an earlier batch of the core brought, or one below it', () => {
    expect(certificates.operations(committed(2, 2).certificate).map(({ key }) => key)).toContainEqual(
      certificateKey(2),
    );
    for (const [height, certifiedHeight] of [
      [1, 1],
      [2, 2],
      [3, 3],
    ] as const) {
      queue.push(committed(height, certifiedHeight));
    }
    const written = writing.map(({ operations }) => operations.filter(({ key }) => key[0] === keyPrefixes.certificate));
    expect(written.map(({ length }) => length)).toEqual([0, 0, 1]);
    expect(certificates.operations(committed(3, 3).certificate)).toEqual([]);
  });
});
