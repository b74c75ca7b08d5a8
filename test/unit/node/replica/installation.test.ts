import { expect, it } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import type { HardState } from '../../../../src/consensus/index.ts';
import { encodeNodeId } from '../../../../src/crypto/index.ts';
import { consensusConfiguration } from '../../../../src/node/replica/configuration.ts';
import { ConfigurationRecords } from '../../../../src/node/replica/configuration-records.ts';
import { installationOperations } from '../../../../src/node/replica/installation.ts';
import { decodeHardState, encodeHardState, hardStateKey } from '../../../../src/node/replica/records.ts';
import { genesis, openLedger, proposer, write } from '../../ledger/fixture.ts';

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
const kept: HardState = { term: 2, vote: request, voteRequest: request, ack };

/** The mark that an installation writes on a disk that holds `kept`. */
async function markAfter(term: number): Promise<HardState> {
  const { store } = await openLedger();
  await write(store, [{ type: 'put', key: hardStateKey, value: encodeHardState(kept) }]);
  const { operations, mark } = installationOperations(
    store,
    {
      tip: { term, height: 9, hash },
      certificate: { ack: { ...ack, term, height: 9 }, signatures: [] },
      termCertificate: { request: { ...request, term }, votes: [] },
      changes: [],
    },
    { configurations: new ConfigurationRecords(store, configuration), height: 0 },
  );
  const written = operations.find((item) => Buffer.compare(item.key, hardStateKey) === 0);
  expect(present(written?.type === 'put' ? written.value : undefined, 'a hard state')).toEqual(mark);
  return decodeHardState(mark);
}

it('raises the term to that of the block, and keeps the ack and no vote of a lower term', async () => {
  expect(await markAfter(3)).toEqual({ term: 3, ack });
  expect(await markAfter(2)).toEqual(kept);
  expect(await markAfter(1)).toEqual(kept);
});
