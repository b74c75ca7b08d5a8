import { expect, test } from 'vitest';
import { Scenario, type SentTransaction } from '../support/simulated-scenario.ts';

test('44: all nodes lose their unsynced writes at once: what was certified survives', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const scenario = await Scenario.started({ voterCount: seed % 2 === 0 ? 3 : 5, seed });
    const sent: SentTransaction[] = [];
    for (let round = 0; round < 20; round++) {
      sent.push(scenario.submit(round % scenario.everyone().length));
      await scenario.pass(seed);
    }
    const told = sent.filter(({ receipt }) => receipt !== undefined);
    expect(told.length).toBeGreaterThan(0);
    for (const node of scenario.everyone()) scenario.crashLosingAll(node);
    scenario.start(...scenario.everyone());
    await scenario.until('there is a leader', () => scenario.leader() !== undefined);
    await scenario.commit(scenario.theLeader);
    await scenario.converge();
    for (const { transaction, receipt } of told) {
      const again: SentTransaction = { transaction };
      scenario.send(0, again);
      await scenario.until('it answers with the receipt', () => again.receipt !== undefined);
      expect(again.receipt).toEqual(receipt);
    }
  }
});

test('45: a write fails and the disk recovers: the node stays closed until it is restarted', async () => {
  const scenario = await Scenario.started();
  const [victim] = scenario.others(scenario.theLeader) as [number];
  scenario.machine(victim).failWrites = 1;
  await scenario.commit(scenario.theLeader);
  await scenario.until('the node stopped', () => !scenario.machine(victim).isUp);
  const height = scenario.invariants.appliedHeight(victim);
  await scenario.commit(scenario.theLeader);
  expect(scenario.invariants.appliedHeight(victim)).toBe(height);
  expect(scenario.cluster.counters.faults).toBe(1);
  scenario.start(victim);
  await scenario.converge();
});

test('46: an un-acked tail that a crash tore is truncated or kept, and the node catches up', async () => {
  let lost = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const scenario = await Scenario.started({ seed });
    const [victim] = scenario.others(scenario.theLeader) as [number];
    scenario.submit(scenario.theLeader);
    await scenario.until('a block is under way to its disk', () => {
      const { tip, durableTip } = scenario.status(victim);
      return tip.height > durableTip.height;
    });
    const heightBefore = scenario.status(victim).tip.height;
    scenario.crash(victim);
    scenario.start(victim);
    await scenario.until('it is open', () => scenario.machine(victim).process?.status() !== undefined);
    if (scenario.status(victim).tip.height < heightBefore) lost += 1;
    await scenario.commit(scenario.theLeader);
    await scenario.converge();
  }
  expect(lost).toBeGreaterThan(0);
});

test('63: a leader crashes after it sent a header and before its own sync: it never leads that term again', async () => {
  const scenario = await Scenario.started({ voterCount: 3 });
  const leader = scenario.theLeader;
  const { term, tip } = scenario.status(leader);
  scenario.machine(leader).writesHang = true;
  let sentAbove = 0;
  const follower = scenario.others(leader)[0] as number;
  scenario.decide((message, from, to) => {
    if (message.type === 'append' && from === leader)
      for (const block of message.blocks) sentAbove = Math.max(sentAbove, block.height);
    // Nobody else hears of the block, and nobody can certify it without its author.
    return message.type === 'append' && to !== follower ? 'drop' : 'deliver';
  });
  scenario.submit(leader);
  await scenario.until('the header left', () => sentAbove > tip.height);
  await scenario.until('a follower holds it', () => scenario.durableHash(follower, tip.height + 1) !== undefined);
  scenario.crashLosingAll(leader);
  expect(scenario.durableHash(leader, tip.height + 1)).toBeUndefined();
  scenario.start(leader);
  scenario.deliverAll();
  await scenario.until('there is a leader of a later term', () => {
    const next = scenario.leader();
    return next !== undefined && scenario.status(next).term > term;
  });
  await scenario.commit(scenario.theLeader);
  await scenario.converge();
  expect(scenario.invariants.evidence.size).toBe(0);
  expect(scenario.durableHash(leader, tip.height + 1)).toBe(scenario.durableHash(follower, tip.height + 1));
});
