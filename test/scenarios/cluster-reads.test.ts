import { expect, test } from 'vitest';
import type { ErrorCode } from '../../src/base/index.ts';
import { SeededRandom } from '../support/simulated-random.ts';
import { Scenario } from '../support/simulated-scenario.ts';

type End = number | ErrorCode;

/** What the reads at a node come to, in the order they end: the height that was read, or a code. Of both states in turn. */
function read(scenario: Scenario, node: number, count = 1, first = 0): End[] {
  const ends: End[] = [];
  for (let reader = first; reader < first + count; reader++) {
    const state = reader % 2 === 0 ? 'certified' : 'applied';
    scenario.machine(node).process?.read(state, (end) => ends.push(end));
  }
  return ends;
}

test('26: a read at a new leader waits until a block of its own term is certified', async () => {
  const scenario = await Scenario.started();
  const old = scenario.theLeader;
  const { receipt } = await scenario.commit(old);
  await scenario.converge();
  scenario.crash(old);
  scenario.decide((message) => (message.type === 'append' ? 'drop' : 'deliver'));
  const before = scenario.status(scenario.others(old)[0] as number).committedHeight;
  await scenario.until('another leads', () => scenario.leader() !== undefined);
  const leader = scenario.theLeader;
  const ends = read(scenario, leader, 3);
  await scenario.pass(50);
  expect([ends, scenario.status(leader).committedHeight]).toEqual([[], before]);
  scenario.deliverAll();
  await scenario.until('the reads are answered', () => ends.length === 3);
  expect(Math.min(...ends.map(Number))).toBeGreaterThan(receipt?.height ?? Number.POSITIVE_INFINITY);
});

test('28: a leader that was paused across an election and is asked before it hears of it is refused or current', async () => {
  const scenario = await Scenario.started();
  const old = scenario.theLeader;
  await scenario.commit(old);
  await scenario.converge();
  scenario.cluster.pause(old);
  await scenario.until('another leads', () => scenario.leader() !== old);
  const { receipt } = await scenario.commit(scenario.theLeader);
  const ends = read(scenario, old, 3);
  expect([scenario.status(old).role, ends]).toEqual(['leader', []]);
  scenario.cluster.resume(old);
  await scenario.until('the reads have ended', () => ends.length === 3);
  for (const end of ends) expect(end === 'no-quorum' || Number(end) >= Number(receipt?.height)).toBe(true);
});

test('a node without a majority refuses within two election timeouts, and reads again with one', async () => {
  const scenario = await Scenario.started();
  const { theLeader: leader } = scenario;
  await scenario.commit(leader);
  for (const node of scenario.others(leader)) scenario.cluster.network.cutBoth(leader, node);
  const { electionTicks, tickMs } = scenario.cluster.options;
  const ends = read(scenario, leader, 2);
  await scenario.pass(2 * electionTicks * tickMs);
  expect(ends).toEqual(['no-quorum', 'no-quorum']);
  scenario.cluster.network.healAll();
  const { receipt } = await scenario.commit(scenario.others(leader)[0] as number);
  const again = read(scenario, leader);
  await scenario.until('it reads again', () => again.length === 1);
  expect(again[0]).toBeGreaterThanOrEqual(Number(receipt?.height));
});

test('27: no read misses what was acknowledged before it, whatever the network loses and whoever stands still', async () => {
  const scenario = await Scenario.started({ seed: 27 });
  const random = new SeededRandom(27);
  scenario.decide(() => (random.below(100) < 15 ? 'drop' : 'deliver'));
  const asked: { readonly acknowledged: number; readonly ends: End[] }[] = [];
  let acknowledged = 0;
  for (let round = 0; round < 150; round++) {
    const standing = random.below(4) === 0 ? scenario.leader() : undefined;
    if (standing !== undefined) scenario.cluster.pause(standing);
    const at = scenario.others(standing ?? -1);
    const sent = scenario.submit(at[random.below(at.length)] as number);
    await scenario.pass(random.below(300));
    acknowledged = Math.max(acknowledged, sent.receipt?.height ?? 0);
    // Who stands still is asked first and hears of the others afterwards.
    for (const node of scenario.everyone()) asked.push({ acknowledged, ends: read(scenario, node, 1, round) });
    if (standing !== undefined) scenario.cluster.resume(standing);
    await scenario.pass(random.below(50));
  }
  scenario.deliverAll();
  await scenario.until('every read has ended', () => asked.every(({ ends }) => ends.length === 1));
  const answered = asked.flatMap(({ acknowledged: known, ends: [end] }) =>
    typeof end === 'number' ? [end - known] : [],
  );
  expect(Math.min(...answered)).toBeGreaterThanOrEqual(0);
  expect(answered.length).toBeGreaterThan(asked.length / 2);
  const refusals = new Set(asked.flatMap(({ ends: [end] }) => (typeof end === 'string' ? [end] : [])));
  expect([...refusals].filter((code) => !['no-quorum', 'node-behind'].includes(code))).toEqual([]);
});
