import { expect, test } from 'vitest';
import { Scenario, type SentTransaction } from '../support/simulated-scenario.ts';
import { simulationEpochMs } from '../support/simulated-time.ts';

const hourMs = 3_600_000;

test.each([
  ['ahead', hourMs],
  ['behind', -hourMs],
])('60: a leader whose clock is an hour %s does not stay leader, and poisons nobody', async (_name, offsetMs) => {
  const scenario = await Scenario.started({ voterCount: 3 });
  const leader = scenario.theLeader;
  scenario.machine(leader).skew.offsetMs = offsetMs;
  const { term } = scenario.status(leader);
  const sent: SentTransaction[] = [];
  await scenario.until('another leads', () => {
    if (scenario.nowMs % 100 < 10) sent.push(scenario.submit(scenario.others(leader)[0] as number));
    const now = scenario.leader();
    return now !== undefined && now !== leader && scenario.status(now).term > term;
  });
  const committed = await scenario.commit(scenario.theLeader);
  const trueMs = simulationEpochMs + scenario.nowMs;
  expect(Math.abs((committed.receipt?.timestamp ?? 0) - trueMs)).toBeLessThan(60_000);
  scenario.machine(leader).skew.offsetMs = 0;
  await scenario.converge();
  await scenario.commit(leader);
});

test('61: an idle leader seals an empty block each minute while a deadline is open, and none afterwards', async () => {
  const scenario = await Scenario.started({ tickMs: 100 });
  const deadlineMs = simulationEpochMs + Math.floor(scenario.nowMs) + 150_000;
  const sent = scenario.submitContent(scenario.theLeader, 'sim.deadline', [1, 'k', deadlineMs]);
  await scenario.until('the deadline is open', () => sent.receipt !== undefined);
  const opened = scenario.status(scenario.theLeader).committedHeight;
  await scenario.pass(240_000);
  const closed = scenario.status(scenario.theLeader).committedHeight;
  expect(closed - opened).toBe(3);
  await scenario.pass(240_000);
  expect(scenario.status(scenario.theLeader).committedHeight).toBe(closed);
});

test('66: an executed id is sent again around its validUntil and after its bucket was dropped: one receipt', async () => {
  const scenario = await Scenario.started({ tickMs: 100 });
  const validUntil = simulationEpochMs + Math.floor(scenario.nowMs) + 30_000;
  const sent = scenario.submitContent(scenario.theLeader, 'sim.put', [1, 'k', Uint8Array.of(1)], validUntil);
  await scenario.until('it is committed', () => sent.receipt !== undefined);
  await scenario.converge();
  for (const atMs of [validUntil - 1000, validUntil, validUntil + 1, validUntil + 1000, validUntil + 120_000]) {
    await scenario.pass(atMs - simulationEpochMs - scenario.nowMs);
    await scenario.commit(scenario.theLeader);
    await scenario.converge();
    for (const node of scenario.everyone()) {
      const again: SentTransaction = { transaction: sent.transaction };
      scenario.send(node, again);
      await scenario.until('it answers', () => again.receipt !== undefined || again.refusal !== undefined);
      expect(again.receipt).toEqual(sent.receipt);
    }
  }
});

test('29: clocks that drift by 10 % and step by an hour endanger nothing, and go on when they are right', async () => {
  const drifts = [0.1, -0.1, 0.05, -0.05, 0];
  const scenario = await Scenario.started({
    voterCount: 5,
    skew: (machine) => ({ offsetMs: 0, drift: drifts[machine] ?? 0 }),
  });
  const ends: (number | string)[] = [];
  for (let round = 0; round < 40; round++) {
    const wrong = [round % 5, (round + 2) % 5];
    for (const node of scenario.everyone())
      scenario.machine(node).skew.offsetMs = wrong.includes(node) ? (round % 2 === 0 ? hourMs : -hourMs) : 0;
    scenario.submit(round % 5);
    scenario.cluster.read((round + 1) % 5, 'applied', (end) => ends.push(end));
    await scenario.pass(200);
  }
  expect(ends.filter((end) => typeof end === 'number').length).toBeGreaterThan(0);
  for (const node of scenario.everyone()) scenario.machine(node).skew.offsetMs = 0;
  await scenario.until('there is a leader', () => scenario.leader() !== undefined);
  await scenario.commit(scenario.theLeader);
  await scenario.converge();
  scenario.invariants.final();
});
