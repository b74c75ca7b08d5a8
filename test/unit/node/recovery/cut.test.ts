import { expect, it } from 'vitest';
import { present, uint64Bytes, utf8 } from '../../../../src/base/index.ts';
import { encodeBlockCertificate, encodeTermCertificate, type HardState } from '../../../../src/consensus/index.ts';
import { createSigner, encodeNodeId } from '../../../../src/crypto/index.ts';
import {
  encodeRecovery,
  encodeRecoveryStatement,
  nodeConfiguration,
  openRecovery,
  putBlock,
  readBlock,
  type SignedRecovery,
} from '../../../../src/ledger/index.ts';
import { checkFollows, cutOperations } from '../../../../src/node/recovery/cut.ts';
import { consensusConfiguration } from '../../../../src/node/replica/configuration.ts';
import { ConfigurationRecords } from '../../../../src/node/replica/configuration-records.ts';
import {
  certificateKey,
  certificateOperations,
  termCertificateOf,
  termCertificateOperations,
} from '../../../../src/node/replica/persistence.ts';
import {
  decodeHardState,
  encodeHardState,
  hardStateKey,
  highestCertificateKey,
  highestTermKey,
} from '../../../../src/node/replica/records.ts';
import { recoveryKey } from '../../../../src/node/replica/recovery-record.ts';
import { prefixedKey } from '../../../../src/storage/index.ts';
import { genesis, openLedger, proposer, write } from '../../ledger/fixture.ts';
import { chainOf, referenceOf } from '../replica/fixture.ts';

const { publicKey } = createSigner(new Uint8Array(32).fill(9));
const freshKey = createSigner(new Uint8Array(32).fill(10)).publicKey;
const configuration = consensusConfiguration(genesis.configuration);
const grown = consensusConfiguration(
  nodeConfiguration(0, [...genesis.configuration.nodes, { publicKey, role: 'learner' }]),
);
const self = encodeNodeId(proposer.publicKey);
/** Verified long before. */
const signatures = [{ signer: self, signature: new Uint8Array(64) }];

function recoveryOn(hash: Uint8Array, generation = 1, key = freshKey): SignedRecovery {
  const statement = {
    ledgerId: genesis.ledgerId,
    base: { height: 2, term: 1, hash },
    content: { generation, nodes: [{ publicKey: key, member: 'clinic', role: 'voter' as const }] },
    createdAt: 1_000_000,
  };
  const statementBytes = encodeRecoveryStatement(statement);
  return openRecovery(encodeRecovery({ statement, statementBytes, signatures: [] }));
}

it('what does not follow is refused; a cut chain has nothing above the base, and no promise of its former key', async () => {
  const { ledger, store } = await openLedger();
  const [first, second, third] = chainOf(ledger, [[], [], []]).map((block) => present(block, 'a block'));
  const blocks = [present(first, 'first'), present(second, 'second'), present(third, 'third')] as const;
  const [, base, above] = blocks;
  const configurations = new ConfigurationRecords(store, configuration);
  const change = { ...referenceOf(above), justification: { configuration: grown } };
  const ackOf = (height: number, blockHash: Uint8Array) => {
    return { term: 1, height, blockHash, configurationHash: configuration.hash };
  };
  const [ofBase, ofAbove] = [base, above].map(({ header, hash }) => ({ ack: ackOf(header.height, hash), signatures }));
  const start = { term: 0, height: 0, hash: genesis.ledgerId };
  const termOf = (term: number) => {
    const request = { term, candidate: self, tip: start, configurationHash: configuration.hash };
    return { request, votes: signatures };
  };
  await write(store, [
    ...blocks.map(({ header, bytes }) => putBlock(header.height, bytes)),
    ...configurations.operations(undefined, [change]),
    ...[ofBase, ofAbove].flatMap((certificate) => certificateOperations(present(certificate, 'a certificate'))),
    ...[1, 2, 3].flatMap((term) => termCertificateOperations(termOf(term))),
  ]);
  const recovery = recoveryOn(base.hash);
  const hardState: HardState = { term: 3, ack: ackOf(3, above.hash) };
  const tip = { term: 1, height: 3, hash: above.hash };
  const restored = {
    hardState,
    tip,
    committedHeight: 0,
    changes: configurations.changes,
    baseHeight: 1,
    peerPromises: [],
  };
  const chain = { store, ledger, configurations, restored, certificate: ofAbove };
  checkFollows(chain, recovery);
  expect(() => checkFollows(chain, recoveryOn(base.hash, 2))).toThrow('it founds generation 2 after generation 0');
  expect(() => checkFollows(chain, recoveryOn(base.hash, 1, publicKey))).toThrow('a node key is not new');
  const { operations, mark } = await cutOperations(chain, recovery, 2);
  await write(store, operations);

  expect([1, 2, 3].map((height) => readBlock(store, height) !== undefined)).toEqual([true, true, false]);
  expect([2, 3].map((height) => store.get(certificateKey(height)) !== undefined)).toEqual([true, false]);
  expect(store.get(highestCertificateKey)).toEqual(encodeBlockCertificate(present(ofBase, 'a certificate')));
  expect([1, 2, 3].map((term) => termCertificateOf(store, term) !== undefined)).toEqual([true, false, false]);
  expect(store.get(highestTermKey)).toEqual(encodeTermCertificate(termOf(1)));
  expect(new ConfigurationRecords(store, configuration).changes).toEqual([]);
  expect(store.get(hardStateKey)).toEqual(mark);
  expect(decodeHardState(present(mark, 'a mark'))).toEqual({ term: 2 });
  const formerKey = prefixedKey('consensus', utf8('former-hard-state'), uint64Bytes(0));
  expect(store.get(formerKey)).toEqual(encodeHardState(hardState));
  expect(store.get(recoveryKey)).toEqual(encodeRecovery(recovery));
});
