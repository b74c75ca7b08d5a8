import { expect, test } from 'vitest';
import type { NodeId } from '../../src/crypto/index.ts';
import { SeededRandom } from '../support/simulated-random.ts';
import { Scenario } from '../support/simulated-scenario.ts';

type Applied = ReadonlyMap<NodeId, number>;

/** What waiting at a node for a block to be everywhere came to, once it has ended. */
function wait(scenario: Scenario, node: number, height: number): { applied?: Applied; stop: () => void } {
  const waiting: { applied?: Applied; stop: () => void } = { stop: () => undefined };
  const stop = scenario.machine(node).process?.waitEverywhere(height, (applied) => {
    waiting.applied = applied;
  });
  if (stop !== undefined) waiting.stop = stop;
  scenario.cluster.acted(scenario.machine(node));
  return waiting;
}

function appliedHeights(scenario: Scenario): number[] {
  return scenario.everyone().map((node) => scenario.status(node).appliedHeight);
}

test('when all nodes say that they have a block, each of them has it, also after a crash that loses what was under way', async () => {
  const scenario = await Scenario.started({ seed: 61 });
  const random = new SeededRandom(61);
  // Of all that is sent, the nodes' words about blocks included, but for transactions: a lost one may expire.
  scenario.cluster.network.fate = ({ channel }) =>
    channel !== 'forwarding' && random.below(100) < 10 ? 'drop' : 'deliver';
  for (let round = 0; round < 40; round++) {
    const everyone = scenario.everyone();
    const at = everyone[random.below(everyone.length)] as number;
    const { receipt } = await scenario.commit(at);
    const height = Number(receipt?.height);
    const waiting = wait(scenario, everyone[random.below(everyone.length)] as number, height);
    await scenario.until('all nodes say that they have it', () => waiting.applied !== undefined);
    expect([...(waiting.applied as Applied).values()].every((applied) => applied >= height)).toBe(true);
    const crashing = everyone[random.below(everyone.length)] as number;
    if (round % 4 === 0) {
      scenario.crashLosingAll(crashing);
      scenario.start(crashing);
      await scenario.until('it is back', () => scenario.machine(crashing).process?.status() !== undefined);
    }
    expect(Math.min(...appliedHeights(scenario))).toBeGreaterThanOrEqual(height);
  }
});

test('a node that cannot be heard is waited for, and told apart from the others', async () => {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  const [near, far] = scenario.others(leader) as [number, number];
  await scenario.commit(leader);
  await scenario.converge();
  for (const node of [leader, near]) scenario.cluster.network.cutBoth(far, node);
  const { receipt } = await scenario.commit(near);
  const height = Number(receipt?.height);
  const [given, kept] = [wait(scenario, near, height), wait(scenario, near, height)];
  await scenario.pass(2000);
  expect([given.applied, kept.applied]).toEqual([undefined, undefined]);
  given.stop();
  const idOf = (node: number): NodeId => scenario.machine(node).nodeId;
  const reached = [...(given.applied as Applied)].filter(([, applied]) => applied >= height).map(([id]) => id);
  expect(reached.sort()).toEqual([idOf(leader), idOf(near)].sort());
  scenario.cluster.network.healAll();
  await scenario.until('the other one says so, too', () => kept.applied !== undefined);
  expect(kept.applied?.get(idOf(far))).toBeGreaterThanOrEqual(height);
});

test('is told at once: no node waits with it for its clock or for another append', async () => {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  const [near] = scenario.others(leader) as [number, number];
  for (let round = 0; round < 10; round++) {
    await scenario.converge();
    const height = scenario.status(leader).tip.height + 1;
    // Before the commit, or with the commit on its way to the disk behind what comes next.
    const before = round % 2 === 0 ? wait(scenario, near, height) : undefined;
    const sent = scenario.submit(leader);
    await scenario.until('it is committed', () => sent.receipt !== undefined);
    expect(sent.receipt?.height).toBe(height);
    const waiting = before ?? wait(scenario, leader, height);
    const certifiedMs = scenario.nowMs;
    await scenario.until('all nodes say that they have it', () => waiting.applied !== undefined);
    // Of the simulator's time: one tick is 10 ms.
    expect(scenario.nowMs - certifiedMs).toBeLessThan(10);
  }
});

test('nobody is passed over by a removal that is not certified and may never be', async () => {
  const scenario = await Scenario.started();
  const leader = scenario.theLeader;
  const [near, far] = scenario.others(leader) as [number, number];
  await scenario.converge();
  for (const node of [leader, near]) scenario.cluster.network.cutBoth(far, node);
  const { receipt } = await scenario.commit(leader);
  const height = Number(receipt?.height);
  await scenario.converge([leader, near]);
  const { tip } = scenario.status(leader);
  scenario.decide(({ type }) => (type === 'append' ? 'drop' : 'deliver'));
  scenario.submitContent(leader, 'sim.change', [1, 'remove', scenario.machine(far).signer.publicKey]);
  await scenario.until('the leader has a block more', () => scenario.status(leader).tip.height > tip.height);
  const [waiting, kept] = [wait(scenario, leader, height), wait(scenario, leader, height)];
  await scenario.pass(200);
  expect([waiting.applied, kept.applied]).toEqual([undefined, undefined]);
  waiting.stop();
  expect(waiting.applied?.get(scenario.machine(far).nodeId)).toBe(0);
  scenario.deliverAll();
  await scenario.until(
    'the removal is certified, and nobody waits for the node any longer',
    () => kept.applied !== undefined,
  );
  expect([...(kept.applied as Applied).keys()].sort()).toEqual(
    [leader, near].map((node) => scenario.machine(node).nodeId).sort(),
  );
});

test('a newcomer that does not know the configuration yet answers for itself, too', async () => {
  const scenario = await Scenario.started({ joinerCount: 1 });
  const leader = scenario.theLeader;
  const newcomer = 3;
  const machine = scenario.machine(newcomer);
  const { receipt } = await scenario.commit(leader);
  const height = Number(receipt?.height);
  scenario.submitContent(leader, 'sim.change', [1, 'add', machine.signer.publicKey]);
  await scenario.converge([0, 1, 2]);
  // It hears the others' words, and gets no blocks.
  scenario.decide((_message, _from, to) => (to === newcomer ? 'drop' : 'deliver'));
  machine.seeds = [0, 1, 2].map((node) => scenario.machine(node).nodeId);
  scenario.start(newcomer);
  await scenario.until('it is up', () => machine.process?.status() !== undefined);
  const waiting = wait(scenario, newcomer, height);
  await scenario.pass(500);
  expect(waiting.applied).toBeUndefined();
  scenario.deliverAll();
  await scenario.until('it has the block, too', () => waiting.applied !== undefined);
  expect(waiting.applied?.get(machine.nodeId)).toBeGreaterThanOrEqual(height);
});
