import { beforeAll, describe, expect, it } from 'vitest';
import { uint64Bytes, utf8 } from '../../../../src/base/index.ts';
import type { HardState } from '../../../../src/consensus/index.ts';
import { encodeNodeId, verifySignature } from '../../../../src/crypto/index.ts';
import { encodeBlock } from '../../../../src/ledger/block.ts';
import { headerMessage } from '../../../../src/ledger/header.ts';
import {
  encodeHeader,
  Ledger,
  type OpenedBlock,
  openBlock,
  putBlock,
  type ReceivedBlock,
} from '../../../../src/ledger/index.ts';
import { BlockBodies } from '../../../../src/node/replica/block-bodies.ts';
import { consensusConfiguration } from '../../../../src/node/replica/configuration.ts';
import { ConfigurationRecords } from '../../../../src/node/replica/configuration-records.ts';
import {
  encodeHardState,
  encodePromise,
  hardStateKey,
  highestCertificateKey,
  promiseKey,
} from '../../../../src/node/replica/records.ts';
import { restore } from '../../../../src/node/replica/restore.ts';
import { Journal, MemoryMarkFile, MemoryStore, type Operation, prefixedKey } from '../../../../src/storage/index.ts';
import { simulatedRules } from '../../../support/simulated-rules.ts';
import { alice, genesis, openLedger, proposer, put, write } from '../../ledger/fixture.ts';
import { chainOf } from './fixture.ts';

const identity = { ledgerId: genesis.ledgerId, nodeKey: proposer.publicKey };
const peer = encodeNodeId(alice.publicKey);
const damaged = expect.objectContaining({ code: 'storage-damaged' });

let chain: readonly ReceivedBlock[];
beforeAll(async () => {
  const { ledger } = await openLedger();
  chain = chainOf(ledger, [[put('a', 1)], [], [put('b', 2), put('a', 3)]]);
});

function restoreFrom(store: MemoryStore, journal: Journal = Journal.open(store, new MemoryMarkFile(), identity)) {
  const ledger = new Ledger(store, genesis, simulatedRules);
  const configurations = new ConfigurationRecords(store, consensusConfiguration(genesis.configuration));
  const bodies = new BlockBodies({ store, genesis, verify: verifySignature, configurations });
  const mark = journal.lost ? journal.mark : undefined;
  const restored = restore({ store, mark, ledger, bodies, configurations, verify: verifySignature, peers: [peer] });
  return { restored, ledger };
}

/** A store with the genesis, these blocks, and what else is put. */
async function storeWith(blocks: readonly OpenedBlock[], more: readonly Operation[] = []): Promise<MemoryStore> {
  const { store } = await openLedger();
  await write(store, [...blocks.map((block, index) => putBlock(index + 1, block.bytes)), ...more]);
  return store;
}

function resealed(block: OpenedBlock, change: Partial<OpenedBlock['header']>, justification = block.justification) {
  const headerBytes = encodeHeader({ ...block.header, ...change });
  const headerSignature = proposer.sign(headerMessage(genesis.ledgerId, headerBytes));
  return openBlock(encodeBlock({ headerBytes, headerSignature, justification, transactions: block.transactionBytes }));
}

const hardState: HardState = { term: 4 };

describe('restoring', () => {
  it('gives an empty node no promises and the genesis as its tip', async () => {
    const { restored } = restoreFrom(await storeWith([]));
    expect(restored).toEqual({
      changes: [],
      baseHeight: 1,
      hardState: { term: 0 },
      tip: { term: 0, height: 0, hash: genesis.ledgerId },
      committedHeight: 0,
      peerPromises: [],
    });
  });

  it('executes the blocks above the applied one again, so that each can be built upon and committed', async () => {
    const store = await storeWith(chain);
    const first = restoreFrom(store);
    expect(first.restored.tip).toEqual({ term: 1, height: 3, hash: chain[2]?.hash });
    for (const block of chain.slice(0, 2)) {
      await write(store, first.ledger.commit(block.hash).operations);
      first.ledger.settle(block.hash);
    }
    const second = restoreFrom(store);
    expect([second.restored.committedHeight, second.restored.tip.height]).toEqual([2, 3]);
    const { operations, receipts } = second.ledger.commit((chain[2] as OpenedBlock).hash);
    await write(store, operations);
    expect(receipts).toHaveLength(2);
  });

  it('reads promises and what peers promised, and takes the word of the mark where the database lost its end', async () => {
    const promise = { nodeId: peer };
    const store = await storeWith(
      [],
      [
        { type: 'put', key: hardStateKey, value: encodeHardState(hardState) },
        { type: 'put', key: promiseKey(peer), value: encodePromise(promise) },
      ],
    );
    expect(restoreFrom(store).restored).toMatchObject({ hardState, peerPromises: [promise] });

    const markFile = new MemoryMarkFile();
    const journal = Journal.open(new MemoryStore(), markFile, identity);
    for (const term of [8, 9])
      await new Promise<void>((resolve) => journal.append([], encodeHardState({ term }), () => resolve()));
    const emptied = await storeWith([]);
    const { restored } = restoreFrom(emptied, Journal.open(emptied, markFile, identity));
    expect(restored).toMatchObject({ hardState: { term: 9 } });
  });

  it.each([
    [
      'a block that does not follow',
      () => [chain[0], resealed(chain[1] as OpenedBlock, { parentHash: new Uint8Array(32) })],
    ],
    ['a block of another height', () => [chain[0], chain[2]]],
    ['a block whose results are others', () => [resealed(chain[0] as OpenedBlock, { stateRoot: new Uint8Array(32) })]],
    [
      'a block that its proposer did not sign',
      () => [resealed(chain[0] as OpenedBlock, { proposer: alice.publicKey })],
    ],
  ] as const)('refuses %s as damage', async (_what, blocks) => {
    const store = await storeWith(blocks() as OpenedBlock[]);
    expect(() => restoreFrom(store)).toThrow(damaged);
  });

  it('refuses bytes that are no block, a certificate that is none, and a mark that says nothing', async () => {
    for (const wrong of [
      putBlock(1, Uint8Array.of(0xc0)),
      { type: 'put', key: highestCertificateKey, value: Uint8Array.of(1) },
      { type: 'put', key: hardStateKey, value: Uint8Array.of(0xc0) },
      { type: 'put', key: promiseKey(peer), value: utf8('?') },
    ] as const) {
      const store = await storeWith([], [wrong]);
      expect(() => restoreFrom(store)).toThrow(damaged);
    }
  });

  it('refuses a chain whose applied block is gone, or is another', async () => {
    const block = chain[0] as OpenedBlock;
    for (const operation of [
      { type: 'delete', key: prefixedKey('block', uint64Bytes(1)) },
      putBlock(1, resealed(block, { timestamp: block.header.timestamp + 1 }).bytes),
    ] as const) {
      const store = await storeWith([block]);
      const { ledger } = restoreFrom(store);
      await write(store, ledger.commit(block.hash).operations);
      expect(restoreFrom(store).restored.tip.height).toBe(1);
      await write(store, [operation]);
      expect(() => restoreFrom(store)).toThrow(damaged);
    }
  });
});
