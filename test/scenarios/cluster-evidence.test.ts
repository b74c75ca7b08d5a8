import { expect, test } from 'vitest';
import { concatBytes, toHex, utf8 } from '../../src/base/index.ts';
import { type AckStatement, ackMessage, encodeAck } from '../../src/consensus/index.ts';
import { type Signer, sha256 } from '../../src/crypto/index.ts';
import {
  decodeEvidenceMessage,
  type EvidenceMessage,
  encodeEvidenceMessage,
  isEvidenceFrame,
} from '../../src/node/replica/evidence-wire.ts';
import { encodeEvidence, evidenceId, evidenceRecord } from '../../src/verify/index.ts';
import { silentObserver } from '../support/simulated-cluster.ts';
import { Scenario } from '../support/simulated-scenario.ts';
import { fastSignatures } from '../support/simulated-signer.ts';

/** An ack by this node, whatever its process thinks of it. */
function signAck(scenario: Scenario, node: number, statement: AckStatement): Uint8Array {
  return scenario.machine(node).signer.sign(ackMessage(scenario.cluster.genesis.ledgerId, statement));
}

/** A proof that the holder of the key acknowledged two blocks of one height, made outside of the cluster. */
function proofAgainst(scenario: Scenario, signer: Signer, height: number): Uint8Array {
  const { ledgerId, configuration } = scenario.cluster.genesis;
  const [first, second] = ['one', 'other'].map((name) => {
    const statement = { term: 1, height, blockHash: sha256(utf8(name)), configurationHash: configuration.hash };
    return concatBytes(encodeAck(statement), signer.sign(ackMessage(ledgerId, statement)));
  }) as [Uint8Array, Uint8Array];
  const culprit = signer.publicKey;
  return encodeEvidence(
    evidenceRecord({ kind: 'two-acks', ledgerId, generation: 0, culprit, first, second, context: [] }),
  );
}

function idOf(record: Uint8Array): string {
  return toHex(evidenceId(record));
}

function hand(scenario: Scenario, from: number, to: number, ...records: Uint8Array[]): void {
  const frame = encodeEvidenceMessage({ type: 'evidence', records });
  scenario.machine(to).process?.receive(scenario.machine(from).nodeId, 'replication', frame);
}

function holdings(scenario: Scenario): number[] {
  return scenario.everyone().map((node) => scenario.machine(node).process?.evidence.length ?? 0);
}

function holdAll(scenario: Scenario, ids: readonly string[]): boolean {
  return scenario
    .everyone()
    .every((node) => ids.every((id) => scenario.machine(node).process?.evidence.includes(id) === true));
}

test('a node acknowledges two blocks of one height: every node comes to hold the proof, also one that was down', async () => {
  const scenario = await Scenario.started({ voterCount: 5 });
  const leader = scenario.theLeader;
  await scenario.commit(leader);
  await scenario.converge();
  const [liar, absent] = scenario.others(leader) as [number, number];
  const { nodeId } = scenario.machine(liar);
  scenario.crash(absent);
  scenario.invariants.misusedKeys.add(nodeId);
  scenario.decide((message) =>
    message.type === 'append-reply' || message.type === 'heartbeat-reply' ? 'drop' : 'deliver',
  );
  const height = scenario.status(leader).tip.height + 1;
  scenario.submit(leader);
  await scenario.until('the leader holds a block that nobody acknowledged', () => {
    return scenario.durableHash(leader, height) !== undefined;
  });
  const { term, tip } = scenario.status(leader);
  const statement: AckStatement = {
    term,
    height,
    blockHash: sha256(utf8('another block')),
    configurationHash: scenario.cluster.genesis.configuration.hash,
  };
  const ack = { statement, signature: signAck(scenario, liar, statement) };
  scenario.inject(liar, leader, { type: 'append-reply', term, sequence: 0, acks: [ack], durable: tip });
  // Its process, which knows of nothing, now sends the ack of the real block.
  scenario.deliverAll();
  await scenario.until('all that run hold the proof', () => holdings(scenario).filter(Boolean).length === 4);
  scenario.start(absent);
  await scenario.until('the one that was down holds it too', () => holdings(scenario).join() === '1,1,1,1,1');
  await scenario.pass(100);
  expect([...scenario.invariants.evidence]).toEqual([`two-acks: ${liar}`]);

  const [id] = scenario.machine(absent).process?.evidence ?? [];
  scenario.crash(absent);
  scenario.start(absent);
  await scenario.until('it runs again', () => scenario.machine(absent).process?.status() !== undefined);
  expect(scenario.machine(absent).process?.evidence).toEqual([id]);
});

test('two sides that each hold what the other lacks end with the same, and no node holds more than eight of a kind', async () => {
  const scenario = await Scenario.started();
  const [one, other, liar] = scenario.everyone() as [number, number, number];
  scenario.invariants.misusedKeys.add(scenario.machine(liar).nodeId);
  const proofs = Array.from({ length: 12 }, (_, height) =>
    proofAgainst(scenario, scenario.machine(liar).signer, height + 1),
  );
  // What is first stored is told to all; these words are lost.
  scenario.cluster.network.fate = () => 'drop';
  hand(scenario, liar, one, ...proofs.slice(0, 3));
  hand(scenario, liar, other, ...proofs.slice(3, 5));
  await scenario.pass(20);
  expect([one, other].map((node) => holdings(scenario)[node])).toEqual([3, 2]);
  scenario.deliverAll();
  await scenario.until('all hold all five', () => holdAll(scenario, proofs.slice(0, 5).map(idOf)), 60_000);

  hand(scenario, liar, one, ...proofs);
  await scenario.until('all hold eight', () => holdings(scenario).every((count) => count === 8), 60_000);
  await scenario.pass(10_000);
  expect(holdings(scenario)).toEqual([8, 8, 8]);
});

test('a record that proves nothing is blamed on its sender and not kept; one against a stranger is of no interest', async () => {
  const scenario = await Scenario.started();
  const [victim, sender, accused] = scenario.everyone() as [number, number, number];
  const blamed: number[] = [];
  scenario.invariants.misusedKeys.add(scenario.machine(sender).nodeId);
  scenario.cluster.observers.push({
    ...silentObserver,
    onBadFrame: (machine, from) => blamed.push(machine.index, scenario.cluster.indexOf(from)),
  });
  const proof = proofAgainst(scenario, scenario.machine(accused).signer, 1);
  const forged = proof.slice();
  forged[forged.length - 2] = (forged.at(-2) as number) ^ 1;
  hand(scenario, sender, victim, forged);
  expect(blamed).toEqual([victim, sender]);
  hand(scenario, sender, victim, proof.subarray(0, -1));
  scenario.machine(victim).process?.receive(scenario.machine(sender).nodeId, 'replication', Uint8Array.of(0x92, 1, 20));
  expect(blamed.length).toBe(6);

  const elsewhere = new Scenario({ seed: 2 });
  hand(scenario, sender, victim, proofAgainst(elsewhere, scenario.machine(accused).signer, 1));
  expect(blamed.length).toBe(8);
  hand(scenario, sender, victim, proofAgainst(scenario, fastSignatures.createSigner(new Uint8Array(32).fill(9)), 1));
  expect(blamed.length).toBe(8);
  await scenario.pass(1000);
  expect(holdings(scenario)).toEqual([0, 0, 0]);
});

test('who names evidence that it does not send is asked once, and its answers are not answered', async () => {
  const scenario = await Scenario.started();
  const [node, peer, accused] = scenario.everyone() as [number, number, number];
  const answers: EvidenceMessage[] = [];
  scenario.cluster.observers.push({
    ...silentObserver,
    onSend: ({ frame }) => isEvidenceFrame(frame) && answers.push(decodeEvidenceMessage(frame)),
  });
  const culprit = scenario.machine(accused).signer.publicKey;
  const ids = [sha256(utf8('a record that nobody has'))];
  const claim = { type: 'evidence-known', held: [{ culprit, kind: 'two-acks', ids }] } as const;
  for (const isAnswer of [false, true]) {
    const frame = encodeEvidenceMessage({ ...claim, isAnswer });
    scenario.machine(node).process?.receive(scenario.machine(peer).nodeId, 'replication', frame);
  }
  await scenario.pass(10_000);
  expect(answers).toEqual([{ type: 'evidence-known', isAnswer: true, held: [] }]);
});
