import { expect, test } from 'vitest';
import { present, uint64Bytes } from '../../src/base/index.ts';
import type { BlockReference } from '../../src/consensus/index.ts';
import { encodeNodeId, signedMessage } from '../../src/crypto/index.ts';
import { type BlockHeader, encodeCanonical, encodeHeader, openBlock } from '../../src/ledger/index.ts';
import { prefixedKey } from '../../src/storage/index.ts';
import { Scenario } from '../support/simulated-scenario.ts';

test('70: a leader sends one block of a height and later another with a longer chain: nobody switches, the proof names it', async () => {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  await scenario.commit(leader);
  await scenario.converge();
  const victim = scenario.others(leader)[0] as number;
  const height = scenario.status(victim).tip.height + 1;
  // Acks of the block are lost, so that it stays uncertified.
  scenario.decide((message) => {
    const carriesAck =
      (message.type === 'append-reply' && message.acks.length > 0) ||
      (message.type === 'heartbeat-reply' && message.ack?.statement.height === height);
    return carriesAck ? 'drop' : 'deliver';
  });
  scenario.submit(leader);
  await scenario.until('all hold it', () =>
    scenario.everyone().every((node) => scenario.durableHash(node, height) !== undefined),
  );
  const held = scenario.durableHash(victim, height);
  const { nodeId } = scenario.machine(leader);
  scenario.invariants.misusedKeys.add(nodeId);

  const stored = scenario.machine(leader).disk.store.get(prefixedKey('block', uint64Bytes(height)));
  const real = openBlock(present(stored, 'the leader has its block'));
  const resealed = (header: BlockHeader): { bytes: Uint8Array; reference: BlockReference } => {
    const headerBytes = encodeHeader(header);
    const message = signedMessage('header', scenario.cluster.genesis.ledgerId, headerBytes);
    const signature = scenario.machine(leader).signer.sign(message);
    const bytes = encodeCanonical([1, headerBytes, signature, real.justification, real.transactionBytes]);
    const { hash } = openBlock(bytes);
    const { height: at, term, parentHash, proposer, configurationHash } = header;
    return {
      bytes,
      reference: {
        height: at,
        term,
        hash,
        parentHash,
        proposer: encodeNodeId(proposer),
        configurationHash,
        justification: {},
        byteLength: bytes.length,
      },
    };
  };
  const other = resealed({ ...real.header, timestamp: real.header.timestamp + 1 });
  const child = resealed({
    ...real.header,
    height: height + 1,
    parentHash: other.reference.hash,
    timestamp: real.header.timestamp + 2,
  });
  const parent = openBlock(
    present(scenario.machine(leader).disk.store.get(prefixedKey('block', uint64Bytes(height - 1))), 'and its parent'),
  );
  const blocks = [other, child];
  scenario.inject(
    leader,
    victim,
    {
      type: 'append',
      term: scenario.status(victim).term,
      sequence: 1_000_000,
      previous: { term: parent.header.term, height: height - 1, hash: parent.hash },
      blocks: blocks.map(({ reference }) => reference),
    },
    {
      bytes: (reference) =>
        present(
          blocks.find((block) => block.reference === reference),
          'a made block',
        ).bytes,
      receive: () => {
        throw new Error('only sent');
      },
    },
  );
  await scenario.pass(100);
  expect(scenario.durableHash(victim, height)).toBe(held);
  expect([...scenario.invariants.evidence]).toEqual([`two-headers: ${leader}`]);
});
