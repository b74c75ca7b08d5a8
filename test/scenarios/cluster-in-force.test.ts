import { expect, test } from 'vitest';
import type { InForceWord, Standing } from '../../src/node/replica/index.ts';
import { driverNumbers } from '../../src/node/replica/wire.ts';
import { holds } from '../simulation/invariants/violation.ts';
import { type Machine, silentObserver } from '../support/simulated-cluster.ts';
import { SeededRandom } from '../support/simulated-random.ts';
import { Scenario } from '../support/simulated-scenario.ts';

const leaseMs = 400;
const tickMs = 10;
/** Between a question about a node that is not heard and what comes of it: two rounds of questions. */
const roundsMs = 20 * tickMs;

interface Waiting {
  word?: InForceWord;
  /** When the word came. */
  atMs?: number;
}

/** Leases in a scenario, with the rule for them: who holds one decides on all that anybody was told is in force. */
class Leases {
  inForce = 0;
  readonly #scenario: Scenario;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    scenario.cluster.observers.push({ ...silentObserver, onActed: (machine) => this.#look(machine) });
  }

  static async started(options: Parameters<typeof Scenario.started>[0] = {}): Promise<[Scenario, Leases]> {
    const scenario = await Scenario.started({ leaseMs, ...options });
    const leases = new Leases(scenario);
    await leases.untilHeld();
    return [scenario, leases];
  }

  isHeld(node: number): boolean {
    return this.#scenario.machine(node).process?.leasedHeight !== undefined;
  }

  async untilHeld(
    nodes: readonly number[] = this.#scenario.cluster.genesis.configuration.nodes.map((_, node) => node),
  ): Promise<void> {
    await this.#scenario.until('they hold leases', () => nodes.every((node) => this.isHeld(node)));
  }

  wait(node: number, height: number): Waiting {
    const waiting: Waiting = {};
    const machine = this.#scenario.machine(node);
    machine.process?.waitInForce(height, (word) => {
      waiting.word = word;
      waiting.atMs = this.#scenario.nowMs;
      if (word.isInForce) this.inForce = Math.max(this.inForce, height);
      for (const other of this.#scenario.cluster.machines) this.#look(other);
    });
    this.#scenario.cluster.acted(machine);
    return waiting;
  }

  /** Commits a transaction at a node and waits there until it is in force. */
  async commit(node: number): Promise<{ readonly height: number; readonly others: Record<number, Standing> }> {
    const { receipt } = await this.#scenario.commit(node);
    const height = Number(receipt?.height);
    const waiting = this.wait(node, height);
    await this.#scenario.until('it is in force', () => waiting.word?.isInForce === true);
    return { height, others: this.standings(waiting) };
  }

  standings({ word }: Waiting): Record<number, Standing> {
    const others = [...(word?.others ?? [])];
    return Object.fromEntries(others.map(([nodeId, standing]) => [this.#scenario.cluster.indexOf(nodeId), standing]));
  }

  #look({ index, isPaused, process }: Machine): void {
    const height = isPaused ? undefined : process?.leasedHeight;
    holds(
      height === undefined || height >= this.inForce,
      'who holds a lease decides on all that is in force',
      () => `${index} decides on block ${height}, block ${this.inForce} is in force`,
    );
  }
}

function cutOff(scenario: Scenario, node: number): void {
  for (const other of scenario.others(node)) scenario.cluster.network.cutBoth(node, other);
}

test('a block comes into force without a node that is cut off, which decides nothing by itself until it is back', async () => {
  const [scenario, leases] = await Leases.started();
  const leader = scenario.theLeader;
  const [near, far] = scenario.others(leader) as [number, number];
  expect((await leases.commit(near)).others).toEqual({});
  cutOff(scenario, far);
  const cutMs = scenario.nowMs;
  expect(leases.isHeld(far)).toBe(true);
  expect((await leases.commit(near)).others).toEqual({ [far]: 'barred' });
  expect(scenario.nowMs - cutMs).toBeLessThan(leaseMs + roundsMs);
  // What comes later waits for nobody.
  for (const node of [near, leader]) {
    const sinceMs = scenario.nowMs;
    expect((await leases.commit(node)).others).toEqual({ [far]: 'barred' });
    expect(scenario.nowMs - sinceMs).toBeLessThan(roundsMs);
  }
  for (let passedMs = 0; passedMs < 3 * leaseMs; passedMs += tickMs) {
    expect(leases.isHeld(far)).toBe(false);
    await scenario.pass(tickMs);
  }
  scenario.cluster.network.healAll();
  await leases.untilHeld();
  expect((await leases.commit(far)).others).toEqual({});
});

test('29: clocks that drift by 10 % and step by an hour give nobody a lease below what is in force', async () => {
  const drifts = [0.1, -0.1, 0.1, -0.1, 0];
  const hourMs = 3_600_000;
  const [scenario, leases] = await Leases.started({
    seed: 29,
    voterCount: 5,
    skew: (machine) => ({ offsetMs: 0, drift: drifts[machine] ?? 0 }),
  });
  const random = new SeededRandom(29);
  // A wall clock is put right again and again, whatever its rate.
  const setClock = (node: number, offMs: number): void => {
    const { skew } = scenario.machine(node);
    skew.offsetMs = offMs - scenario.nowMs * skew.drift;
  };
  const words: InForceWord[] = [];
  for (let round = 0; round < 60; round++) {
    const far = round % 5;
    for (const node of scenario.everyone())
      setClock(node, random.chance(0.2) ? (random.chance(0.5) ? hourMs : -hourMs) : 0);
    scenario.cluster.network.healAll();
    await scenario.pass(leaseMs * random.unit());
    cutOff(scenario, far);
    for (const node of scenario.others(far)) scenario.submit(node);
    await scenario.pass(leaseMs * random.unit());
    const waiting = scenario.others(far).map((node) => leases.wait(node, scenario.status(node).certifiedHeight));
    await scenario.pass(1.5 * leaseMs);
    for (const { word } of waiting) if (word?.isInForce === true) words.push(word);
  }
  expect(words.length).toBeGreaterThan(60);
  expect(words.filter(({ others }) => others.size > 0).length).toBeGreaterThan(30);
  scenario.cluster.network.healAll();
  for (const node of scenario.everyone()) setClock(node, 0);
  await leases.untilHeld();
  await scenario.until('there is a leader', () => scenario.leader() !== undefined);
  expect((await leases.commit(scenario.theLeader)).others).toEqual({});
});

test('a node that stood still while it was barred holds no lease when it goes on, by no answer that waited for it', async () => {
  const [scenario, leases] = await Leases.started();
  const leader = scenario.theLeader;
  const [near, far] = scenario.others(leader) as [number, number];
  for (const still of [far, leader]) {
    await leases.untilHeld();
    let hasAsked = false;
    scenario.cluster.observers.push({
      ...silentObserver,
      onSend: ({ from, frame }) => {
        hasAsked ||= from === still && frame[2] === driverNumbers['lease-wanted'];
      },
    });
    await scenario.until('it asks', () => hasAsked);
    scenario.cluster.pause(still);
    const { others } = await leases.commit(near);
    expect(others).toEqual({ [still]: 'barred' });
    scenario.cluster.resume(still);
    expect(leases.isHeld(still)).toBe(false);
  }
  await leases.untilHeld();
});

test('a node that was removed and does not know it keeps its lease for no longer than others wait', async () => {
  const [scenario, leases] = await Leases.started();
  const leader = scenario.theLeader;
  const [near, far] = scenario.others(leader) as [number, number];
  cutOff(scenario, far);
  scenario.submitContent(leader, 'sim.change', [1, 'remove', scenario.machine(far).signer.publicKey]);
  await scenario.until('the removal is certified', () => scenario.invariants.membership.isRetired(far));
  expect(leases.isHeld(far)).toBe(true);
  const certifiedMs = scenario.nowMs;
  expect((await leases.commit(near)).others).toEqual({});
  expect(scenario.nowMs - certifiedMs).toBeGreaterThan(leaseMs - 2 * tickMs);
  expect(leases.isHeld(far)).toBe(false);
  await leases.untilHeld([leader, near]);
  await scenario.pass(3 * leaseMs);
  expect(leases.isHeld(far)).toBe(false);
});

test('what a voter promised before a crash binds it when it is back', async () => {
  const [scenario, leases] = await Leases.started();
  const leader = scenario.theLeader;
  const [near, far] = scenario.others(leader) as [number, number];
  // From now on it has its lease from one voter alone, which has to have forgotten it.
  scenario.cluster.network.cutBoth(leader, far);
  await scenario.pass(2 * leaseMs);
  expect(leases.isHeld(far)).toBe(true);
  cutOff(scenario, far);
  scenario.crashLosingAll(near);
  scenario.start(near);
  const startedMs = scenario.nowMs;
  const { others } = await leases.commit(leader);
  expect(others).toEqual({ [far]: 'barred' });
  expect(scenario.nowMs - startedMs).toBeGreaterThanOrEqual(leaseMs);
});

test('a node that began with a snapshot, and one that was restarted, come to hold leases', async () => {
  const [scenario, leases] = await Leases.started({ joinerCount: 1, snapshotLagBlocks: 4 });
  const leader = scenario.theLeader;
  const newcomer = 3;
  const machine = scenario.machine(newcomer);
  for (let count = 0; count < 20; count++) await scenario.commit(leader);
  scenario.submitContent(leader, 'sim.change', [1, 'add', machine.signer.publicKey]);
  await scenario.converge([0, 1, 2]);
  machine.seeds = [0, 1, 2].map((node) => scenario.machine(node).nodeId);
  scenario.start(newcomer);
  await leases.untilHeld([0, 1, 2, newcomer]);
  expect(scenario.invariants.snapshotsInstalled).toBeGreaterThan(0);
  expect((await leases.commit(newcomer)).others).toEqual({});
  for (const node of [newcomer, leader]) {
    scenario.crashLosingAll(node);
    expect(leases.isHeld(node)).toBe(false);
    scenario.start(node);
    await leases.untilHeld([0, 1, 2, newcomer]);
  }
  expect((await leases.commit(leader)).others).toEqual({});
});
