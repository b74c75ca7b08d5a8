import { describe, expect, test } from 'vitest';
import { ConfigurationBook } from '../../../src/consensus/configuration-lookup.ts';
import { countVoters, electorateOf } from '../../../src/consensus/configurations.ts';
import { type ChainReader, type Configuration, type NodeRole, stepBetween } from '../../../src/consensus/index.ts';
import { seededRandom } from './cluster.ts';
import { Forge } from './forge.ts';
import { expectOneChain, ledCluster, take } from './membership.ts';

const forge = new Forge(6);
type Roles = readonly (readonly [index: number, role: NodeRole])[];
const configurationOf = (...roles: Roles): Configuration => forge.configurationOf(roles);

describe('stepBetween', () => {
  const before = configurationOf([0, 'voter'], [1, 'voter'], [2, 'learner']);
  const cases: readonly [string, Configuration, string?, number?][] = [
    ['nothing', before],
    ['a learner comes', configurationOf([0, 'voter'], [1, 'voter'], [2, 'learner'], [3, 'learner']), 'add', 3],
    ['a voter comes', configurationOf([0, 'voter'], [1, 'voter'], [2, 'learner'], [3, 'voter'])],
    ['a learner gets a vote', configurationOf([0, 'voter'], [1, 'voter'], [2, 'voter']), 'promote', 2],
    ['a voter loses its vote', configurationOf([0, 'voter'], [1, 'learner'], [2, 'learner']), 'demote', 1],
    ['a voter goes', configurationOf([0, 'voter'], [2, 'learner']), 'remove', 1],
    ['a learner goes', configurationOf([0, 'voter'], [1, 'voter']), 'remove', 2],
    ['two go', configurationOf([0, 'voter'])],
    ['one goes and one comes', configurationOf([0, 'voter'], [1, 'voter'], [3, 'learner'])],
    ['two votes are exchanged', configurationOf([0, 'voter'], [1, 'learner'], [2, 'voter'])],
    ['another order', configurationOf([1, 'voter'], [0, 'voter'], [2, 'learner'])],
    ['a node twice', configurationOf([0, 'voter'], [1, 'voter'], [2, 'learner'], [2, 'voter'])],
    ['a generation', { ...configurationOf([0, 'voter'], [2, 'learner']), generation: 1 }],
  ];
  test.each(cases)('%s', (_, after, step, index) => {
    expect(stepBetween(before, after)).toEqual(step && { step, nodeId: forge.id(index ?? 0) });
  });

  test('the last voter stays', () => {
    const last = configurationOf([0, 'voter'], [1, 'learner']);
    expect(stepBetween(last, configurationOf([1, 'learner']))).toBeUndefined();
    expect(stepBetween(last, configurationOf([0, 'learner'], [1, 'learner']))).toBeUndefined();
  });

  test('any two majorities before and after a step meet', () => {
    const random = seededRandom(1);
    let steps = 0;
    for (let round = 0; round < 10_000; round++) {
      const draw = (): Configuration =>
        configurationOf(
          ...[0, 1, 2, 3, 4, 5].flatMap((index) => {
            const drawn = random.below(3);
            return drawn === 0 ? [] : [[index, drawn === 1 ? 'voter' : 'learner'] as const];
          }),
        );
      const [one, other] = [draw(), draw()];
      if (![one, other].every(({ nodes }) => nodes.some(({ role }) => role === 'voter'))) continue;
      if (stepBetween(one, other) === undefined) continue;
      steps += 1;
      const [left, right] = [electorateOf(one), electorateOf(other)];
      const all = new Set([...left.voters, ...right.voters]);
      expect(left.majority + right.majority, 'too many to miss each other').toBeGreaterThan(all.size);
    }
    expect(steps).toBeGreaterThan(50);
  });
});

test('duplicates, learners and strangers count for nothing', () => {
  const electorate = electorateOf(configurationOf([0, 'voter'], [1, 'voter'], [2, 'learner']));
  expect(electorate.majority).toBe(2);
  expect(countVoters(electorate, [forge.id(0), forge.id(0), forge.id(2), forge.id(3)])).toBe(1);
});

describe('ConfigurationBook', () => {
  const genesis = configurationOf([0, 'voter']);
  const inChain = configurationOf([0, 'voter'], [1, 'learner']);
  const other = configurationOf([0, 'voter'], [1, 'voter']);
  const reader = { configuration: (hash: Uint8Array) => (hash === inChain.hash ? inChain : undefined) };
  const book = (): ConfigurationBook => new ConfigurationBook(genesis, reader as ChainReader);

  test('finds the first one, those of the chain, and those learned', () => {
    const known = book();
    expect(known.find(genesis.hash)).toBe(genesis);
    expect(known.find(inChain.hash)).toBe(inChain);
    expect(known.find(other.hash)).toBeUndefined();
    known.learn(other);
    expect(known.find(other.hash)).toBe(other);
    expect(known.find(genesis.hash)).toBe(genesis);
  });

  test('forgets the one learned longest ago, and not one that was learned again since', () => {
    const known = book();
    const learned = Array.from({ length: 2000 }, (_, generation) =>
      forge.configurationOf([[0, 'voter']], generation + 1),
    );
    known.learn(other);
    for (const configuration of learned) {
      known.learn(configuration);
      known.learn(other);
    }
    expect(known.find(other.hash)).toBe(other);
    expect(known.find(learned[0]?.hash ?? genesis.hash)).toBeUndefined();
    expect(known.find(learned.at(-1)?.hash ?? genesis.hash)).toBe(learned.at(-1));
  });
});

test('a voter that missed 70 changes gets them all at once, before one of them is executed or durable', () => {
  const { cluster } = ledCluster(3, { outsiders: 70 });
  const lagging = cluster.node(2);
  for (let index = 3; index < 73; index++) cluster.node(index).crash();
  cluster.partition([0, 1], [2]);
  for (let index = 3; index < 73; index++) take(cluster, 'add', index);
  lagging.holdsVerdicts = true;
  lagging.holdsWrites = true;
  cluster.heal();
  cluster.tick(8);
  expect(lagging.executions.length).toBeGreaterThan(64);
  lagging.holdsVerdicts = false;
  lagging.answer();
  cluster.tick(2);
  lagging.holdsWrites = false;
  lagging.sync();
  cluster.until('it has caught up', () => lagging.status.committedHeight === 71, 40);
  expectOneChain(cluster);
});
