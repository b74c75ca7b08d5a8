import { expect, test } from 'vitest';
import type { Message } from '../../src/consensus/index.ts';
import { Scenario } from '../support/simulated-scenario.ts';
import { simulationEpochMs } from '../support/simulated-time.ts';

function carriesAckAbove(message: Message, term: number): boolean {
  if (message.type === 'append-reply') return message.acks.some(({ statement }) => statement.term > term);
  return message.type === 'heartbeat-reply' && (message.ack?.statement.term ?? 0) > term;
}

test('62: a long honest branch sent piecewise by a leader that dies: nobody votes below its ack, no evidence', async () => {
  const scenario = await Scenario.started({ voterCount: 5, limits: { appendBlocksMax: 1 } });
  const a = scenario.theLeader;
  const [b, c, d, e] = scenario.others(a) as [number, number, number, number];
  await scenario.commit(a);
  await scenario.converge();
  const base = scenario.status(a).tip.height;
  const firstTerm = scenario.status(a).term;

  // A alone holds a branch of its term.
  scenario.decide((message, from) => (from === a && message.type === 'append' ? 'drop' : 'deliver'));
  for (let count = 0; count < 4; count++) {
    scenario.submit(a);
    await scenario.pass(5);
  }
  await scenario.until('the branch is durable', () => scenario.durableHash(a, base + 2) !== undefined);

  // B leads the next term; only D receives, and acks, its first block; B dies.
  scenario.cluster.network.partition([a], [b, c, d, e]);
  let leadingB = b;
  scenario.decide((message, from, to) => {
    if (message.type === 'append' && message.blocks.length > 0) return to === d && from !== a ? 'deliver' : 'drop';
    if (from === d && carriesAckAbove(message, firstTerm)) return 'drop';
    if (message.type === 'pre-vote-request' && from === d) return 'drop';
    return 'deliver';
  });
  await scenario.until('D acked a block of the next term', () => {
    leadingB = scenario.leader() ?? leadingB;
    return (scenario.promised(d).ack?.term ?? 0) > firstTerm;
  });
  const acked = scenario.promised(d).ack;
  scenario.crash(leadingB);
  expect([b, c, e]).toContain(leadingB);

  // A wins a third term with the two that hold neither, sends D its branch piece by piece, and dies.
  const rest = [b, c, e].filter((node) => node !== leadingB);
  scenario.cluster.network.healAll();
  let pieces = 0;
  scenario.decide((message, from, to) => {
    if (message.type === 'pre-vote-request' && from !== a) return 'drop';
    if (from !== a || message.type !== 'append') return 'deliver';
    if (to !== d) return 'drop';
    if (message.blocks.length > 0) pieces += 1;
    return message.blocks.length === 0 || pieces === 1 ? 'deliver' : 'drop';
  });
  await scenario.until('A sent D a piece', () => pieces > 1);
  await scenario.pass(50);
  scenario.crash(a);
  scenario.deliverAll();
  await scenario.until('someone else leads', () => scenario.leader() !== undefined);
  await scenario.commit(scenario.theLeader);
  expect(scenario.invariants.evidence.size).toBe(0);
  const { vote } = scenario.promised(d);
  if (vote !== undefined && acked !== undefined && vote.term > acked.term) {
    const isBelow = vote.tip.term < acked.term || (vote.tip.term === acked.term && vote.tip.height < acked.height);
    expect(isBelow).toBe(false);
  }
  scenario.start(a, leadingB);
  await scenario.converge();
  expect(rest.length).toBe(2);
});

test('69: acks of different heights arrive in pipelines: certification follows within two round trips', async () => {
  const delayMs = 10;
  const scenario = await Scenario.started({
    network: { lossRate: 0, replayRate: 0, delayMinMs: delayMs, delayMeanMs: delayMs, slowRate: 0, slowDelayMs: 0 },
    disk: { writeMinMs: 1, writeMeanMs: 1 },
  });
  const leader = scenario.theLeader;
  const validUntil = Math.floor(simulationEpochMs + scenario.nowMs) + 300_000;
  for (const intervalMs of [1, 3, 7, 15, 40]) {
    const started: { sentAtMs: number; sent: ReturnType<Scenario['submit']>; doneAtMs?: number }[] = [];
    for (let count = 0; count < 40; count++) {
      // Valid for long: none expires on its way.
      const sent = scenario.submitContent(leader, 'sim.put', [1, 'k', Uint8Array.of(count)], validUntil);
      started.push({ sentAtMs: scenario.nowMs, sent });
      await scenario.pass(intervalMs);
      for (const item of started) if (item.sent.receipt !== undefined) item.doneAtMs ??= scenario.nowMs;
    }
    await scenario.until('all are committed', () => {
      for (const item of started) if (item.sent.receipt !== undefined) item.doneAtMs ??= scenario.nowMs;
      return started.every(({ doneAtMs }) => doneAtMs !== undefined);
    });
    const latencies = started.map(({ sentAtMs, doneAtMs }) => (doneAtMs ?? Number.POSITIVE_INFINITY) - sentAtMs);
    // One round trip for the block before it, at most, and one for its own; a few writes; the polling interval.
    expect(Math.max(...latencies)).toBeLessThan(4 * delayMs + 12 + intervalMs);
  }
});

test('74: the uncommitted tail is at its cap when leaders change twice: a new first block still gets through', async () => {
  const scenario = await Scenario.started({ limits: { uncertifiedBlocksMax: 1 } });
  const firstTerm = scenario.status(scenario.theLeader).term;
  const committed = scenario.invariants.committedHeight;
  // Blocks reach everyone; no ack returns, so nothing is certified and every leader steps down.
  scenario.decide((message) => (carriesAckAbove(message, 0) ? 'drop' : 'deliver'));
  scenario.submit(scenario.theLeader);
  const tipHeights = (): number[] => scenario.everyone().map((node) => scenario.status(node).tip.height);
  await scenario.until(
    'leaders changed twice, each with a first block',
    () => {
      const leader = scenario.leader();
      return (
        leader !== undefined &&
        scenario.status(leader).term >= firstTerm + 2 &&
        Math.min(...tipHeights()) >= committed + 3
      );
    },
    60_000,
  );
  scenario.deliverAll();
  await scenario.until('a leader commits in its own term', () => scenario.invariants.committedHeight > committed + 2);
  await scenario.commit(scenario.theLeader);
  await scenario.converge();
});

test('75: all acks of a block are lost once: heartbeat replies repeat them', async () => {
  const scenario = await Scenario.started();
  let dropped = 0;
  scenario.decide((message) => {
    if (message.type !== 'append-reply' || message.acks.length === 0) return 'deliver';
    dropped += 1;
    return 'drop';
  });
  const { term } = scenario.status(scenario.theLeader);
  await scenario.commit(scenario.theLeader);
  expect(dropped).toBeGreaterThan(0);
  expect(scenario.status(scenario.theLeader).term).toBe(term);
});
