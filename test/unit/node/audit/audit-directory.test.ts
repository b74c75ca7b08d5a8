import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AssentError, present, uint64Bytes } from '../../../../src/base/index.ts';
import { ackMessage, decodeBlockCertificate, encodeBlockCertificate } from '../../../../src/consensus/index.ts';
import { leafHash, merkleRoot, sha256, sha256Latin1, signedMessage } from '../../../../src/crypto/index.ts';
import { encodeBlock } from '../../../../src/ledger/block.ts';
import {
  type BlockHeader,
  encodeHeader,
  type OpenedBlock,
  openBlock,
  readBlock,
} from '../../../../src/ledger/index.ts';
import { auditDirectory, readNodeKey, startNode } from '../../../../src/node/index.ts';
import { certificateKey } from '../../../../src/node/replica/persistence.ts';
import { hardStateKey, highestCertificateKey } from '../../../../src/node/replica/records.ts';
import {
  type Entry,
  type KeyPrefix,
  type Operation,
  prefixedKey,
  prefixRange,
  type Store,
} from '../../../../src/storage/index.ts';
import { alteredCopy, bent, firstOf, type LeftBehind, leaveBehind } from './support.ts';

let left: LeftBehind;
const folder = mkdtempSync(join(tmpdir(), 'assent-audit-'));
beforeAll(async () => {
  // The index of transactions has the first 63 blocks on disk, in one group.
  left = await leaveBehind(folder, 66);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What the verdict on a directory names as wrong. */
async function faultIn(directory: string): Promise<{ check: unknown; height: unknown; message: string }> {
  const fault = await auditDirectory(directory, left.genesis).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof AssentError)) throw fault ?? new Error('nothing was found wrong');
  expect(fault.code).toBe('verification-failed');
  return { check: fault.data['check'], height: fault.data['height'], message: fault.message };
}

function filesOf(directory: string): Map<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name);
      return [path, sha256Latin1(readFileSync(path))];
    }),
  );
}

const blockKey = (height: number): Uint8Array => prefixedKey('block', uint64Bytes(height));
const put = (key: Uint8Array, value: Uint8Array): Operation => ({ type: 'put', key, value });
const bentFirst = (prefix: KeyPrefix) => async (store: Store) => {
  const [key, value] = await firstOf(store, prefix);
  return [put(key, bent(value))];
};
const without = (prefix: KeyPrefix) => async (store: Store) => {
  const [key] = await firstOf(store, prefix);
  return [{ type: 'delete', key } as const];
};

/** The newest of those that say where transactions are. */
async function postings(store: Store): Promise<Entry> {
  const [row] = await store.range({ ...prefixRange('queryIndex', Uint8Array.of(2)), limit: 1, reverse: true });
  return present(row, 'the index has transactions');
}

describe('a stopped node', () => {
  it('is verified from genesis, and no byte of it changes', async () => {
    const before = filesOf(left.data);
    const seen: number[] = [];
    const verdict = await auditDirectory(left.data, left.genesis, {
      threads: 2,
      onProgress: ({ height }) => seen.push(height),
    });
    expect(verdict).toMatchObject({
      height: left.height,
      certifiedHeight: left.height,
      appliedHeight: left.height,
      configurationChanges: 0,
    });
    expect(verdict.transactions).toBeGreaterThanOrEqual(left.height);
    expect(seen).toEqual(Array.from({ length: left.height }, (_, index) => index + 1));
    expect(filesOf(left.data)).toEqual(before);
  });

  it('says of how many transactions the signatures were checked', async () => {
    const { transactions } = await auditDirectory(left.data, left.genesis);
    expect(await auditDirectory(left.data, left.genesis, { sample: 0 })).toMatchObject({
      transactions,
      signaturesChecked: 0,
    });
    expect(await auditDirectory(left.data, left.genesis)).toMatchObject({ signaturesChecked: transactions });
  });

  it('is refused while its node runs', async () => {
    const copy = await alteredCopy(left, bentNothing);
    const node = await startNode({ ...left.prepared.config, directory: copy });
    await expect(auditDirectory(copy, left.genesis)).rejects.toMatchObject({ code: 'storage-locked' });
    await node.stop();
    expect(await auditDirectory(copy, left.genesis)).toMatchObject({ ledgerId: expect.any(String) });
  });
});

/** A put of what is there already: a write has operations. */
async function bentNothing(store: Store): Promise<Operation[]> {
  const [key, value] = await firstOf(store, 'meta');
  return [put(key, value)];
}

describe('what is wrong in a directory', () => {
  it.each<[what: string, check: string, alter: Parameters<typeof alteredCopy>[1]]>([
    ['a value of the state', 'state', bentFirst('state')],
    ['a value of the state is gone', 'state', without('state')],
    [
      'a value that nobody wrote',
      'state',
      () => [put(prefixedKey('state', new Uint8Array([0x78])), new Uint8Array(4))],
    ],
    ['a page of the tree too many', 'tree', () => [put(prefixedKey('treeNode', new Uint8Array(2)), new Uint8Array(4))]],
    ['changes of the tree', 'tree', bentFirst('treeDelta')],
    ['a receipt', 'receipts', bentFirst('transactionPlace')],
    ['a receipt is gone', 'receipts', without('transactionPlace')],
    ['the results of a block', 'receipts', bentFirst('blockResults')],
    ['the results of a block are gone', 'receipts', without('blockResults')],
    ['an entry of an index', 'indexes', bentFirst('stream')],
    ['an entry of an index is gone', 'indexes', without('stream')],
    [
      'an entry of an index too many',
      'indexes',
      () => [put(prefixedKey('stream', new Uint8Array(20)), new Uint8Array(4))],
    ],
    ['the place of a block', 'indexes', bentFirst('blockHash')],
    [
      'a past value',
      'past-values',
      async (store) => {
        const [key, value] = await firstOf(store, 'stateHistory');
        return [put(key, Uint8Array.of(...value, 1))];
      },
    ],
    ['a past value is gone', 'past-values', without('stateHistory')],
    [
      'what another node has promised',
      'consensus-records',
      () => [put(prefixedKey('peerPromise', new Uint8Array(4)), new Uint8Array(4))],
    ],
    [
      'a record of consensus that nobody writes',
      'consensus-records',
      () => [put(prefixedKey('consensus', new Uint8Array(4)), new Uint8Array(4))],
    ],
    [
      'evidence that is not in the index',
      'consensus-records',
      () => [put(prefixedKey('evidence', new Uint8Array(32)), new Uint8Array(4))],
    ],
    [
      'what it has promised itself',
      'consensus-records',
      (store) => [put(hardStateKey, bent(present(store.get(hardStateKey), 'kept')))],
    ],
    [
      'a record of the index of transactions',
      'query-index',
      async (store) => [put((await postings(store))[0], Uint8Array.of(1))],
    ],
    [
      'a record of the index of transactions is gone',
      'query-index',
      async (store) => [{ type: 'delete', key: (await postings(store))[0] }],
    ],
    [
      'a record of the index of transactions too many',
      'query-index',
      async (store) => {
        const [key, value] = await postings(store);
        return [put(key.with(-9, (key.at(-9) as number) ^ 1), value)];
      },
    ],
    [
      'how far the index of transactions goes',
      'query-index',
      () => [put(prefixedKey('queryIndex', Uint8Array.of(0)), Uint8Array.of(0xc1))],
    ],
    ['an entry of no kind', 'start', () => [put(Uint8Array.of(0x7f), new Uint8Array(4))]],
  ])('%s', async (_, check, alter) => {
    expect(await faultIn(await alteredCopy(left, alter))).toMatchObject({ check });
  });

  it('a certificate whose signature is another', async () => {
    const copy = await alteredCopy(left, async (store) => {
      const [row] = await store.range({ ...prefixRange('certificate'), limit: 1 });
      const [key, value] = present(row, 'a certificate');
      return [put(key, bent(value))];
    });
    expect(await faultIn(copy)).toMatchObject({ check: 'certificate' });
  });

  it('a missing block, by its height', async () => {
    const copy = await alteredCopy(left, () => [{ type: 'delete', key: blockKey(5) }]);
    expect(await faultIn(copy)).toMatchObject({ check: 'missing-block', height: 5 });
  });

  it('a bit anywhere in a block, at its height', async () => {
    const whole = await blockOf(6);
    for (const index of [0, 40, 200, whole.bytes.length - 200, whole.bytes.length - 1]) {
      const copy = await alteredCopy(left, () => [put(blockKey(6), bent(whole.bytes, index))]);
      expect(await faultIn(copy)).toMatchObject({ height: 6 });
    }
  });

  it('a header that its proposer did not sign so: the hash of a block does not cover its signature', async () => {
    const block = await blockOf(6);
    const copy = await alteredCopy(left, () => [
      put(blockKey(6), assemble(block, { signature: bent(block.headerSignature) })),
    ]);
    expect(await faultIn(copy)).toMatchObject({ check: 'header-signature', height: 6 });
  });
});

describe('a majority that signs what the rules do not come to', () => {
  it.each<[check: string, change: Partial<BlockHeader>]>([
    ['results-root', { resultsRoot: new Uint8Array(32) }],
    ['state-root', { stateRoot: new Uint8Array(32) }],
    ['history-root', { historyRoot: new Uint8Array(32) }],
    ['configuration', { configurationHash: new Uint8Array(32) }],
    ['term', { timestamp: 1 }],
    ['term', { term: 0 }],
    ['certificate', { term: 900 }],
    ['parent', { parentHash: new Uint8Array(32) }],
    ['parent', { ledgerId: new Uint8Array(32) }],
  ])('is found by executing: %s', async (check, change) => {
    const { height } = left;
    const copy = await alteredCopy(left, (store) => forgedHead(store, height, change));
    expect(await faultIn(copy)).toMatchObject({ check, height });
  });

  it('a transaction twice', async () => {
    const copy = await alteredCopy(left, (store) => {
      const earlier = present(readBlock(store, 4)?.transactionBytes[0], 'a transaction');
      return forgedHead(store, left.height, {}, earlier);
    });
    expect(await faultIn(copy)).toMatchObject({ check: 'execution', height: left.height });
  });
});

async function blockOf(height: number): Promise<OpenedBlock> {
  let found: OpenedBlock | undefined;
  await alteredCopy(left, (store) => {
    found = readBlock(store, height);
    return bentNothing(store);
  });
  return present(found, 'the block is there');
}

function assemble(block: OpenedBlock, { signature }: { signature: Uint8Array }): Uint8Array {
  const { headerBytes, justification, transactionBytes } = block;
  return encodeBlock({ headerBytes, headerSignature: signature, justification, transactions: transactionBytes });
}

/** The newest block with another header, signed and certified by the ledger's only voter. */
function forgedHead(store: Store, height: number, change: Partial<BlockHeader>, added?: Uint8Array): Operation[] {
  const { signer } = readNodeKey(left.prepared.config.nodeKeyFile);
  const block = present(readBlock(store, height), 'the newest block');
  const transactions = added === undefined ? block.transactionBytes : [...block.transactionBytes, added];
  const header = {
    ...block.header,
    transactionCount: transactions.length,
    transactionsRoot: merkleRoot(transactions.map((bytes) => leafHash(bytes))),
    ...change,
  };
  const headerBytes = encodeHeader(header);
  const headerSignature = signer.sign(signedMessage('header', header.ledgerId, headerBytes));
  const bytes = encodeBlock({ headerBytes, headerSignature, justification: block.justification, transactions });
  expect(openBlock(bytes).header).toEqual(header);
  const kept = decodeBlockCertificate(present(store.get(highestCertificateKey), 'the newest certificate'));
  const ack = { ...kept.ack, term: header.term, blockHash: sha256(headerBytes) };
  const signature = signer.sign(ackMessage(left.genesis.ledgerId, ack));
  const certificate = encodeBlockCertificate({
    ack,
    signatures: [{ signer: present(kept.signatures[0], 'one').signer, signature }],
  });
  return [
    put(blockKey(height), bytes),
    put(highestCertificateKey, certificate),
    put(certificateKey(height), certificate),
  ];
}
