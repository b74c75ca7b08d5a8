import { expect, test } from 'vitest';
import { Scenario, type SentTransaction } from '../support/simulated-scenario.ts';
import { simulationEpochMs } from '../support/simulated-time.ts';

function inMinutes(scenario: Scenario, minutes: number): number {
  return simulationEpochMs + Math.floor(scenario.nowMs) + minutes * 60_000;
}

/** Each node hears its neighbours in a row only. */
function chain(scenario: Scenario): void {
  const { network } = scenario.cluster;
  for (const from of scenario.everyone())
    for (const to of scenario.everyone()) if (Math.abs(from - to) > 1) network.cut(from, to);
}

/**
 * In a chain every node but the ends hears two others. Of five, three are a majority, so that one can lead; but those
 * beyond its neighbours hear no leader, and ask for votes as soon as they hear of nobody: progress is not promised. Of
 * seven, nobody hears a majority: there is none.
 */
test.each([[5], [7]])('11: %i nodes in a chain: safe, and going on once the links are whole', async (voterCount) => {
  const scenario = await Scenario.started({ voterCount });
  await scenario.commit(scenario.theLeader);
  await scenario.converge();
  const height = scenario.invariants.committedHeight;
  chain(scenario);
  const sent: SentTransaction[] = [];
  for (let round = 0; round < 60; round++) {
    sent.push(
      scenario.submitContent(round % voterCount, 'sim.put', [1, 'k', Uint8Array.of(round + 1)], inMinutes(scenario, 5)),
    );
    await scenario.pass(100);
  }
  if (voterCount === 7) expect(scenario.invariants.committedHeight).toBe(height);
  scenario.cluster.network.healAll();
  await scenario.until('node 0 follows a leader', () => scenario.status(0).leader !== undefined);
  await scenario.pass(200);
  const last = scenario.submitContent(0, 'sim.put', [1, 'k', Uint8Array.of(1)], inMinutes(scenario, 5));
  await scenario.until('it goes on', () => last.receipt !== undefined);
  await scenario.until('every transaction has its end', () =>
    sent.every(({ receipt, refusal }) => receipt !== undefined || refusal !== undefined),
  );
  await scenario.converge();
  scenario.invariants.final();
});

test('25: a transaction whose block is rolled back is told to be committed when it is, and executed once', async () => {
  const scenario = await Scenario.started({ voterCount: 3 });
  const old = scenario.theLeader;
  await scenario.commit(old);
  await scenario.converge();
  for (const node of scenario.others(old)) scenario.cluster.network.cutBoth(old, node);
  const { tip } = scenario.status(old);
  const rolledBack = scenario.submitContent(old, 'sim.put', [1, 'k', Uint8Array.of(1)], inMinutes(scenario, 5));
  await scenario.until('its block is durable', () => scenario.status(old).durableTip.height > tip.height);
  const abandoned = scenario.durableHash(old, tip.height + 1);
  await scenario.until('another leads', () => ![undefined, old].includes(scenario.leader()));
  const content = [1, 'k', Uint8Array.of(2)];
  const other = scenario.submitContent(scenario.theLeader, 'sim.put', content, inMinutes(scenario, 5));
  await scenario.until('a block stands in its place', () => other.receipt !== undefined);
  expect([rolledBack.receipt, rolledBack.refusal]).toEqual([undefined, undefined]);
  scenario.cluster.network.healAll();
  await scenario.until('it is committed after all', () => rolledBack.receipt !== undefined);
  await scenario.converge();
  expect(scenario.durableHash(old, tip.height + 1)).not.toBe(abandoned);
  for (const node of scenario.everyone()) {
    const again: SentTransaction = { transaction: rolledBack.transaction };
    scenario.send(node, again);
    await scenario.until('it answers', () => again.receipt !== undefined);
    expect(again.receipt).toEqual(rolledBack.receipt);
  }
  scenario.invariants.final();
});
