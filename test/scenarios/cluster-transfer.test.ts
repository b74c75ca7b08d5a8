import { expect, test } from 'vitest';
import { Scenario, type SentTransaction } from '../support/simulated-scenario.ts';
import { simulationEpochMs } from '../support/simulated-time.ts';

/** Tells the leader to hand over, to this node or to whom it likes. */
function transfer(scenario: Scenario, leader: number, to?: number): unknown {
  return scenario.machine(leader).process?.transferLeadership(to === undefined ? to : scenario.machine(to).nodeId);
}

/** A new transaction that stays valid throughout. */
function submit(scenario: Scenario, node: number): SentTransaction {
  return scenario.submitContent(node, 'sim.put', [1, 'k0', new Uint8Array(8)], simulationEpochMs + 500_000);
}

async function settled(scenario: Scenario, sent: readonly SentTransaction[]): Promise<void> {
  await scenario.until('every transaction is answered', () => sent.every(({ receipt, refusal }) => receipt ?? refusal));
  expect(sent.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal.message]))).toEqual([]);
}

test('transfer under load: the next term, no PreVote, and every transaction of every node has one receipt', async () => {
  const scenario = await Scenario.started({ voterCount: 5 });
  let preVotes = 0;
  scenario.decide((message) => {
    if (message.type === 'pre-vote-request') preVotes += 1;
    return 'deliver';
  });
  const sent: SentTransaction[] = [];
  for (let round = 0; round < 8; round++) {
    const leader = scenario.theLeader;
    const { term } = scenario.status(leader);
    for (const node of scenario.everyone()) sent.push(submit(scenario, node), submit(scenario, node));
    await scenario.pass(3);
    expect(transfer(scenario, leader)).toMatchObject({ started: true });
    for (const node of scenario.everyone()) sent.push(submit(scenario, node));
    await scenario.until('another leads', () => ![undefined, leader].includes(scenario.leader()));
    expect(scenario.status(scenario.theLeader).term).toBe(term + 1);
  }
  await settled(scenario, sent);
  expect(preVotes).toBe(0);
  await scenario.converge();
});

test('15: the target dies: proposals resume with the leader of before, in its term', async () => {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  const [target] = scenario.others(leader) as [number];
  const { term } = scenario.status(leader);
  await scenario.commit(leader);
  scenario.crash(target);
  transfer(scenario, leader, target);
  const { tip } = scenario.status(leader);
  const sent = submit(scenario, leader);
  await scenario.until('the transfer is given up', () => {
    const { transferTarget, tip: now } = scenario.status(leader);
    if (transferTarget !== undefined) expect(now.height, 'nothing is sealed meanwhile').toBe(tip.height);
    return transferTarget === undefined;
  });
  await settled(scenario, [sent]);
  expect(scenario.status(leader)).toMatchObject({ role: 'leader', term });
});

test('15: the target dies with the votes that it got: the others elect, and nothing is lost', async () => {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  const [target] = scenario.others(leader) as [number];
  const { term } = scenario.status(leader);
  let votes = 0;
  scenario.decide((message, _from, to) => {
    if (message.type !== 'vote-reply' || to !== target) return 'deliver';
    if (message.signature !== undefined) votes += 1;
    return 'drop';
  });
  const before = submit(scenario, leader);
  await scenario.pass(2);
  transfer(scenario, leader, target);
  const sent = [before, submit(scenario, leader), submit(scenario, target)];
  await scenario.until('both vote', () => votes >= 2);
  scenario.crash(target);
  scenario.deliverAll();
  await settled(scenario, sent.slice(0, 2));
  scenario.start(target);
  await scenario.until('there is a leader', () => scenario.leader() !== undefined);
  expect(scenario.status(scenario.theLeader).term).toBeGreaterThan(term + 1);
  await scenario.converge();
});

test('14: an order that arrives when its term is over is ignored', async () => {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  const [target, other] = scenario.others(leader) as [number, number];
  const { term } = scenario.status(leader);
  scenario.decide((message) => (message.type === 'campaign-now' ? 'drop' : 'deliver'));
  transfer(scenario, leader, target);
  await scenario.until('the order was lost and the transfer is over', () => {
    return scenario.status(leader).transferTarget === undefined;
  });
  scenario.deliverAll();
  transfer(scenario, leader, other);
  await scenario.until('the other leads', () => scenario.leader() === other);
  await scenario.commit(other);
  await scenario.converge();
  scenario.inject(leader, target, { type: 'campaign-now', term });
  scenario.inject(leader, target, { type: 'campaign-now', term: term + 1 });
  await scenario.pass(1_000);
  expect(scenario.everyone().map((node) => scenario.status(node).term)).toEqual([term + 1, term + 1, term + 1]);
  expect(scenario.leader()).toBe(other);
});
