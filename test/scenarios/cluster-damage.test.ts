import { expect, test } from 'vitest';
import { present, uint64Bytes } from '../../src/base/index.ts';
import { type Operation, prefixedKey } from '../../src/storage/index.ts';
import { Scenario, type SentTransaction } from '../support/simulated-scenario.ts';

/** The durable bytes of a node's block. */
function blockOf(scenario: Scenario, node: number, height: number): Uint8Array {
  const [entry] = scenario
    .machine(node)
    .disk.entries(prefixedKey('block', uint64Bytes(height)), prefixedKey('block', uint64Bytes(height + 1)));
  return present(entry, 'the node holds the block')[1];
}

function putBlock(height: number, value: Uint8Array): Operation {
  return { type: 'put', key: prefixedKey('block', uint64Bytes(height)), value };
}

/** One bit in the middle is another. */
function flipped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
}

/** Five blocks that everyone has applied. */
async function grown(): Promise<Scenario> {
  const scenario = await Scenario.started({ voterCount: 3 });
  for (let round = 0; round < 5; round++) await scenario.commit(scenario.theLeader);
  await scenario.converge();
  return scenario;
}

test('43: a crash between a commit and its record on the disk: each transaction has one receipt, everywhere', async () => {
  let inBetween = 0;
  for (let seed = 1; seed <= 10; seed++) {
    const scenario = await Scenario.started({ seed });
    const victim = seed % 3;
    const sent = scenario.submit(scenario.theLeader);
    await scenario.until('the commit is known and not recorded', () => {
      const { committedHeight, appliedHeight } = scenario.status(victim);
      return committedHeight > appliedHeight && sent.receipt !== undefined;
    });
    const { appliedHeight } = scenario.status(victim);
    seed % 2 === 0 ? scenario.crash(victim) : scenario.crashLosingAll(victim);
    scenario.start(victim);
    await scenario.until('it is open', () => scenario.machine(victim).process?.status() !== undefined);
    if (scenario.status(victim).appliedHeight === appliedHeight) inBetween += 1;
    await scenario.until('there is a leader', () => scenario.leader() !== undefined);
    await scenario.commit(scenario.theLeader);
    await scenario.converge();
    const again: SentTransaction = { transaction: sent.transaction };
    scenario.send(victim, again);
    await scenario.until('it answers', () => again.receipt !== undefined);
    expect(again.receipt).toEqual(sent.receipt);
    scenario.invariants.final();
  }
  expect(inBetween).toBeGreaterThan(0);
});

test('47: the newest block is corrupt on all nodes: none starts', async () => {
  const scenario = await grown();
  const { committedHeight: height } = scenario.status(0);
  scenario.crash(...scenario.everyone());
  for (const node of scenario.everyone())
    scenario.cluster.damage(node, [putBlock(height, flipped(blockOf(scenario, node, height)))]);
  scenario.start(...scenario.everyone());
  await scenario.pass(2_000);
  expect(scenario.everyone().filter((node) => scenario.machine(node).isUp)).toEqual([]);
  expect(scenario.cluster.counters.damagedStarts).toBe(3);
});

test('47: an older block is corrupt on all nodes that have it: who must read it halts, and nobody gets another', async () => {
  const scenario = await grown();
  const { theLeader: leader } = scenario;
  const [late] = scenario.others(leader) as [number];
  scenario.crash(late);
  const height = scenario.status(leader).tip.height + 1;
  for (let round = 0; round < 5; round++) await scenario.commit(leader);
  const holders = scenario.others(late);
  await scenario.converge(holders);
  // What they still hold in memory is lost with them.
  scenario.crash(...holders);
  for (const node of holders)
    scenario.cluster.damage(node, [putBlock(height, flipped(blockOf(scenario, node, height)))]);
  scenario.start(...scenario.everyone());
  await scenario.until('a node halts', () => scenario.cluster.counters.faults > 0);
  await scenario.pass(5_000);
  expect(scenario.invariants.appliedHeight(late)).toBeLessThan(height);
  expect(scenario.durableHash(late, height)).toBeUndefined();
});

test('49: a write that went astray over the newest block is found at the start', async () => {
  const scenario = await grown();
  const [victim] = scenario.others(scenario.theLeader) as [number];
  const { appliedHeight: height } = scenario.status(victim);
  scenario.crash(victim);
  scenario.cluster.damage(victim, [putBlock(height, blockOf(scenario, victim, height - 1))]);
  scenario.start(victim);
  expect(scenario.machine(victim).isUp).toBe(false);
  await scenario.commit(scenario.theLeader);
});
