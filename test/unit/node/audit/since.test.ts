import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileProgress, StatusView } from '../../../../src/api/index.ts';
import { present, readUint64, uint64Bytes } from '../../../../src/base/index.ts';
import { createSigner, encodeNodeId, generateSeed } from '../../../../src/crypto/index.ts';
import {
  decodeReceipt,
  decodeTransactions,
  genesisToText,
  Ledger,
  type OpenedBlock,
  readBlock,
  VerifiedBlock,
  VerifiedTransaction,
} from '../../../../src/ledger/index.ts';
import {
  auditDirectory,
  auditLedger,
  createNodeKey,
  openCheckpoint,
  type RunningNode,
  restoreSnapshot,
  type Since,
} from '../../../../src/node/index.ts';
import { createExecutor } from '../../../../src/node/rules.ts';
import {
  type Entry,
  type KeyPrefix,
  type Operation,
  openForReading,
  prefixedKey,
  prefixRange,
  type Store,
} from '../../../../src/storage/index.ts';
import { encodeCheckpoint } from '../../../../src/verify/index.ts';
import { configOf } from '../../../support/node-directory.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { alteredCopy, bent, type LeftBehind, leaveBehind } from './support.ts';

const folder = mkdtempSync(join(tmpdir(), 'assent-since-'));
let left: LeftBehind;
let blocks: readonly OpenedBlock[];
/** The snapshot files, ascending. */
let snapshots: readonly { readonly file: string; readonly height: number }[];

beforeAll(async () => {
  left = await leaveBehind(folder, 14, 2, { snapshots: { keep: 50 } }, writeSnapshot);
  blocks = await blocksOf(left.data);
  snapshots = readdirSync(join(folder, 'snapshots'))
    .sort()
    .map((name) => ({ file: join(folder, 'snapshots', name), height: Number(/\d+/.exec(name)?.[0]) }));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One in each run: for a while a node writes the same one. Asks until it is there. */
async function writeSnapshot({ apiUrl }: RunningNode): Promise<void> {
  if (((await (await fetch(`${apiUrl}/v1/status`)).json()) as StatusView).height < 8) return;
  const headers = { 'content-type': 'application/json' };
  for (;;) {
    const response = await fetch(`${apiUrl}/v1/snapshots`, { method: 'POST', body: '{}', headers });
    expect(response.status).toBe(200);
    const { written } = (await response.json()) as FileProgress;
    if (written !== null) return;
  }
}

async function blocksOf(data: string): Promise<OpenedBlock[]> {
  const copy = await openForReading(data);
  const found: OpenedBlock[] = [];
  for (let height = 1; ; height++) {
    const block = readBlock(copy.directory.store, height);
    if (block === undefined) break;
    found.push(block);
  }
  await copy.close();
  return found;
}

const blockAt = (height: number): OpenedBlock => present(blocks[height - 1], `block ${height}`);
const pinOf = (height: number): Since['checkpoint'] => openCheckpoint(encodeCheckpoint(blockAt(height).headerBytes));
/** One that has blocks on both sides. */
const middle = (): (typeof snapshots)[number] =>
  present(
    snapshots.find(({ height }) => height > 6 && height < left.height - 2),
    'a snapshot',
  );
const since = (height: number, { file } = middle()): Since => ({ checkpoint: pinOf(height), snapshot: file });
const putBlock = (height: number, bytes: Uint8Array): Operation => {
  return { type: 'put', key: prefixedKey('block', uint64Bytes(height)), value: bytes };
};

describe('what came after a checkpoint', () => {
  it('is verified: the blocks above the snapshot are executed', async () => {
    const { height } = middle();
    const verdict = await auditDirectory(left.data, left.genesis, { since: since(3) });
    const above = blocks.slice(height).reduce((sum, { transactionBytes }) => sum + transactionBytes.length, 0);
    expect(verdict).toMatchObject({
      height: left.height,
      transactions: above,
      signaturesChecked: above,
      since: { checkpointHeight: 3, executedAbove: height },
    });
  });

  it('begins at any block up to that of the snapshot, and at no later one', async () => {
    const { height } = middle();
    for (const pinned of [1, height - 1, height])
      expect(await auditDirectory(left.data, left.genesis, { since: since(pinned) })).toMatchObject({
        since: { checkpointHeight: pinned },
      });
    await expect(auditDirectory(left.data, left.genesis, { since: since(height + 1) })).rejects.toMatchObject({
      code: 'snapshot-invalid',
    });
  });

  it('does not look at what is before the checkpoint', async () => {
    const copy = await alteredCopy(left, () => [putBlock(2, bent(blockAt(2).bytes))]);
    await expect(auditDirectory(copy, left.genesis)).rejects.toMatchObject({ data: { height: 2 } });
    expect(await auditDirectory(copy, left.genesis, { since: since(3) })).toMatchObject({ height: left.height });
  });

  it('a checkpoint of another chain is told at the block above it', async () => {
    const checkpoint = pinOf(3);
    const forged = { ...checkpoint, hash: bent(checkpoint.hash) };
    await expect(
      auditDirectory(left.data, left.genesis, { since: { ...since(3), checkpoint: forged } }),
    ).rejects.toMatchObject({ code: 'verification-failed', data: { check: 'parent', height: 4 } });
  });

  it('a byte of a block is another, before the snapshot and after it: found at its height', async () => {
    for (const height of [5, middle().height, middle().height + 2]) {
      const copy = await alteredCopy(left, () => [putBlock(height, bent(blockAt(height).bytes))]);
      await expect(auditDirectory(copy, left.genesis, { since: since(3) })).rejects.toMatchObject({
        code: 'verification-failed',
        data: { height },
      });
    }
  });

  it.each(['state', 'treeDelta', 'transactionPlace', 'blockResults', 'stream', 'historyNode', 'stateHistory'] as const)(
    'an entry of %s is another: found',
    async (prefix) => {
      const copy = await alteredCopy(left, async (store) => {
        const [key, value] = await lastOf(store, prefix);
        return [{ type: 'put', key, value: Uint8Array.of(...value, 1) }];
      });
      await expect(auditDirectory(copy, left.genesis, { since: since(3) })).rejects.toMatchObject({
        code: 'verification-failed',
      });
    },
  );

  it('a snapshot of which a byte is another proves nothing', async () => {
    const whole = readFileSync(middle().file);
    const file = join(temporaryDirectory(), 'snapshot');
    for (const place of [20, Math.floor(whole.length / 2), whole.length - 1]) {
      writeFileSync(file, bent(whole, place));
      await expect(
        auditDirectory(left.data, left.genesis, { since: { checkpoint: pinOf(3), snapshot: file } }),
      ).rejects.toMatchObject({ code: 'snapshot-invalid' });
    }
  });

  it('has to be there from the checkpoint on', async () => {
    const source = {
      name: 'a part',
      firstHeight: 5,
      height: left.height,
      certificate: undefined,
      async *blocks(from: number, to: number) {
        for (const { bytes } of blocks.slice(from - 1, to)) yield { bytes, isSigned: true };
      },
      close: () => Promise.resolve(),
    };
    await expect(auditLedger({ genesis: left.genesis, source, since: since(3) })).rejects.toMatchObject({
      code: 'history-not-kept',
    });
    expect(await auditLedger({ genesis: left.genesis, source, since: since(4) })).toMatchObject({
      height: left.height,
    });
  });
});

describe('a directory that began with a snapshot', () => {
  it('is verified from a checkpoint', { timeout: 30_000 }, async () => {
    const data = await begunWith(middle());
    const { height } = middle();
    await expect(auditDirectory(data, left.genesis)).rejects.toMatchObject({ code: 'history-not-kept' });
    const verdict = await auditDirectory(data, left.genesis, { since: since(height - 1) });
    expect(verdict).toMatchObject({
      height: left.height,
      appliedHeight: left.height,
      since: { executedAbove: height },
    });
    const later = present(
      snapshots.find((one) => one.height > height),
      'a later snapshot',
    );
    expect(await auditDirectory(data, left.genesis, { since: since(height, later) })).toMatchObject({
      since: { checkpointHeight: height, executedAbove: later.height },
    });
  });

  it.each([
    'otherState',
    'otherTreeDelta',
    'transactionPlace',
    'blockResults',
    'stream',
    'historyNode',
    'stateHistory',
  ] as const)('an entry of %s is another: found', { timeout: 30_000 }, async (prefix) => {
    const data = await begunWith(middle());
    const copy = await alteredCopy({ ...left, data }, async (store) => {
      const [key, value] = await lastOf(store, prefix);
      return [{ type: 'put', key, value: Uint8Array.of(...value, 1) }];
    });
    await expect(auditDirectory(copy, left.genesis, { since: since(middle().height) })).rejects.toMatchObject({
      code: 'verification-failed',
    });
  });
});

/** An entry that the newest block with such an entry added, or any where entries do not say. */
async function lastOf(store: Store, prefix: KeyPrefix): Promise<Entry> {
  const rows = await store.range({ ...prefixRange(prefix), limit: 1000 });
  const heightOf = heights[prefix] ?? (() => 0);
  const newestFirst = rows.sort(([a, x], [b, y]) => heightOf(b, y) - heightOf(a, x));
  return present(newestFirst[0], `an entry of ${prefix}`);
}

const heights: Partial<Record<KeyPrefix, (key: Uint8Array, value: Uint8Array) => number>> = {
  transactionPlace: (key, value) => decodeReceipt(key.subarray(1), value).height,
  blockResults: (key) => readUint64(key, 1),
  stream: (key) => readUint64(key, key.length - 16),
  historyNode: (key) => readUint64(key, 1),
  stateHistory: (key) => readUint64(key, key.length - 8),
};

/** The directory of a new node that took the snapshot and then executed the blocks above it. */
async function begunWith({ file, height }: { readonly file: string; readonly height: number }): Promise<string> {
  const directory = temporaryDirectory();
  createNodeKey(join(directory, 'node.key'));
  writeFileSync(join(directory, 'genesis'), genesisToText(left.genesis));
  const nodeId = encodeNodeId(createSigner(generateSeed()).publicKey);
  const peers = [{ nodeId, addresses: ['/ip4/127.0.0.1/tcp/9'] }];
  const config = configOf(directory, { member: 'north', p2p: { listen: { port: 0 }, peers } });
  expect(await restoreSnapshot(config, file)).toBe(height);
  return alteredCopy({ ...left, data: join(directory, 'data') }, async (store) => {
    const ledger = new Ledger(store, left.genesis, createExecutor());
    for (const block of blocks.slice(height)) {
      const received = decodeTransactions(block);
      const transactions = received.transactions.map((one) =>
        VerifiedTransaction.toBeChecked(one, left.genesis.ledgerId, () => true),
      );
      expect(ledger.execute(new VerifiedBlock(received, transactions), false)).toEqual({ ok: true });
      const operations = [putBlock(block.header.height, block.bytes), ...ledger.commit(block.hash).operations];
      await new Promise<void>((resolve, reject) =>
        store.write(operations, (error) => (error === undefined ? resolve() : reject(error))),
      );
      ledger.settle(block.hash);
    }
    return [putBlock(left.height, blockAt(left.height).bytes)];
  });
}
