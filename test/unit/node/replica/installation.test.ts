import { expect, it } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import {
  type Configuration,
  encodeBlockCertificate,
  encodeTermCertificate,
  type HardState,
} from '../../../../src/consensus/index.ts';
import { createSigner, encodeNodeId } from '../../../../src/crypto/index.ts';
import { deleteBlock, nodeConfiguration, putBlock } from '../../../../src/ledger/index.ts';
import { consensusConfiguration } from '../../../../src/node/replica/configuration.ts';
import { putHistoryStep } from '../../../../src/node/replica/configuration-history.ts';
import { ConfigurationRecords } from '../../../../src/node/replica/configuration-records.ts';
import { installationOperations, type ProvedSnapshot } from '../../../../src/node/replica/installation.ts';
import { certificateKey, termCertificateOf } from '../../../../src/node/replica/persistence.ts';
import {
  decodeHardState,
  decodePromise,
  encodeHardState,
  hardStateKey,
  highestCertificateKey,
  highestTermKey,
  promiseKey,
} from '../../../../src/node/replica/records.ts';
import { genesis, openLedger, proposer, write } from '../../ledger/fixture.ts';
import { chainOf, referenceOf } from './fixture.ts';

const configuration = consensusConfiguration(genesis.configuration);
const start = { term: 0, height: 0, hash: genesis.ledgerId };
const hash = new Uint8Array(32).fill(5);
const request = {
  term: 2,
  candidate: encodeNodeId(proposer.publicKey),
  tip: start,
  configurationHash: configuration.hash,
};
const ack = { term: 2, height: 3, blockHash: hash, configurationHash: configuration.hash };
/** Verified long before. */
const signatures = [{ signer: request.candidate, signature: new Uint8Array(64) }];
const kept: HardState = { term: 2, vote: request, voteRequest: request, ack };

function snapshotAt(term: number, height: number): ProvedSnapshot {
  return {
    tip: { term, height, hash },
    certificate: { ack: { ...ack, term, height }, signatures },
    termCertificate: { request: { ...request, term }, votes: signatures },
    changes: [],
  };
}

/** The mark that an installation writes on a disk that holds `kept`. */
async function markAfter(term: number): Promise<HardState> {
  const { store } = await openLedger();
  await write(store, [{ type: 'put', key: hardStateKey, value: encodeHardState(kept) }]);
  const configurations = new ConfigurationRecords(store, configuration);
  const { operations, mark } = installationOperations(store, snapshotAt(term, 9), { configurations, height: 0 });
  const written = operations.find((item) => Buffer.compare(item.key, hardStateKey) === 0);
  expect(present(written?.type === 'put' ? written.value : undefined, 'a hard state')).toEqual(mark);
  return decodeHardState(mark);
}

it('keeps the statements of whoever signed the certificates, where they are the newest', async () => {
  const { store } = await openLedger();
  const configurations = new ConfigurationRecords(store, configuration);
  const promised = async (term: number, height: number): Promise<ReturnType<typeof decodePromise>> => {
    await write(
      store,
      installationOperations(store, snapshotAt(term, height), { configurations, height: 0 }).operations,
    );
    return decodePromise(present(store.get(promiseKey(request.candidate)), 'a promise'));
  };
  expect(await promised(3, 9)).toMatchObject({
    nodeId: request.candidate,
    ack: { statement: { term: 3, height: 9 } },
    vote: { statement: { term: 3 } },
  });
  expect(await promised(2, 20)).toMatchObject({ ack: { statement: { term: 3, height: 9 } } });
});

it('raises the term to that of the block, and keeps the ack and no vote of a lower term', async () => {
  expect(await markAfter(3)).toEqual({ term: 3, ack });
  expect(await markAfter(2)).toEqual(kept);
  expect(await markAfter(1)).toEqual(kept);
});

/** A disk with three blocks of term 1, of which the second changed the configuration. */
async function diskWithChain() {
  const { ledger, store } = await openLedger();
  const chain = chainOf(ledger, [[], [], []]);
  const configurations = new ConfigurationRecords(store, configuration);
  const [, second] = chain.map((block) => referenceOf(block));
  const changing = { ...present(second, 'a block'), justification: { configuration: changedTo(7) } };
  await write(store, [
    ...chain.map((block, index) => putBlock(index + 1, block.bytes)),
    ...configurations.operations(undefined, [changing]),
  ]);
  return { store, stored: { configurations, height: 3 } };
}

function changedTo(fill: number): Configuration {
  const { nodes } = genesis.configuration;
  return consensusConfiguration(nodeConfiguration(0, [...nodes, { publicKey: keyOf(fill), role: 'learner' }]));
}

function keyOf(fill: number): Uint8Array {
  return createSigner(new Uint8Array(32).fill(fill)).publicKey;
}

it('replaces the end of a chain of a lower term, and leaves the block of its own height to the ledger', async () => {
  const { store, stored } = await diskWithChain();
  const { operations } = installationOperations(store, snapshotAt(2, 2), stored);
  expect(operations).toContainEqual(deleteBlock(3));
  for (const height of [1, 2]) expect(operations).not.toContainEqual(deleteBlock(height));
});

it('keeps what proves the block and its configurations, in the place of what was there', async () => {
  const { store, stored } = await diskWithChain();
  const step = {
    header: Uint8Array.of(1),
    justification: Uint8Array.of(2),
    links: [],
    certificate: Uint8Array.of(3),
  };
  const change = { height: 4, configuration: changedTo(8), step };
  const snapshot = { ...snapshotAt(2, 9), changes: [change] };
  const { operations } = installationOperations(store, snapshot, stored);
  await write(store, operations);
  const certificate = encodeBlockCertificate(snapshot.certificate);
  expect(store.get(certificateKey(9))).toEqual(certificate);
  expect(store.get(highestCertificateKey)).toEqual(certificate);
  expect(termCertificateOf(store, 2)).toEqual(snapshot.termCertificate);
  expect(store.get(highestTermKey)).toEqual(encodeTermCertificate(snapshot.termCertificate));
  const records = new ConfigurationRecords(store, configuration);
  expect(records.changes).toEqual([{ height: 4, configurationHash: change.configuration.hash }]);
  expect(operations).toContainEqual(putHistoryStep(4, step));
});

it('is refused at the tip and below it, by term and then by height', async () => {
  const { store, stored } = await diskWithChain();
  const invalid = expect.objectContaining({ code: 'snapshot-invalid' });
  for (const [term, height] of [
    [1, 3],
    [1, 2],
    [0, 9],
  ] as const)
    expect(() => installationOperations(store, snapshotAt(term, height), stored)).toThrow(invalid);
  installationOperations(store, snapshotAt(1, 4), stored);
});
