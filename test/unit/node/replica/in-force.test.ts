import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import { encodeNodeId, type NodeId } from '../../../../src/crypto/index.ts';
import { encodeLeaseMessage } from '../../../../src/node/replica/in-force/wire.ts';
import { reachWaitersMax } from '../../../../src/node/replica/reach/reach.ts';
import { encodeReachMessage } from '../../../../src/node/replica/reach/wire.ts';
import { boundMs, type LeaseNode, LeaseNodes, type Roles, times } from './in-force-nodes.ts';

const ledgerSteps = ['seal', 'follow', 'certify', 'spread', 'spread', 'grow', 'grow', 'grow'] as const;
const changeSteps = ['change', 'change', 'learn', 'follow', 'certify', 'spread among some'] as const;
const waitSteps = ['wait', 'wait', 'wait', 'wait', 'stop waiting'] as const;
const linkSteps = ['deliver', 'lose', 'repeat', 'deliver all', 'cut', 'hold', 'isolate', 'mend', 'mend'] as const;
const timeSteps = ['pass', 'run', 'run', 'run', 'run'] as const;
const nodeSteps = ['restart', 'restart', 'read fails', 'pause', 'sleep', 'go on', 'go on', 'set the clock'] as const;

const calmSteps = [...ledgerSteps, ...waitSteps, ...linkSteps, ...timeSteps, ...nodeSteps];
const mixes = [
  calmSteps,
  [...calmSteps, ...changeSteps],
  [...ledgerSteps, ...waitSteps, ...timeSteps, ...changeSteps, 'isolate', 'mend', 'cut'],
  [...ledgerSteps, ...waitSteps, ...timeSteps, ...linkSteps],
  ['grow', 'grow', 'spread', 'spread among some', 'wait', 'wait', 'run', 'run', ...nodeSteps],
] as const;

interface Step {
  /** Of the mix. */
  readonly type: number;
  readonly node: number;
  /** Of the packet, the waiter or the change. */
  readonly place: number;
  readonly amount: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  type: fc.nat(),
  node: fc.nat(4),
  place: fc.nat(12),
  amount: fc.double({ min: 0, max: 1, noNaN: true }),
});

/** Single steps from one configuration to the next: of one node, and so that a voter is left. */
function changed(roles: Roles, node: number, place: number): Roles | undefined {
  const role = roles[node];
  const next =
    role === undefined || (role === 'voter' && place % 2 > 0)
      ? 'learner'
      : role === 'learner' && place % 3 > 0
        ? 'voter'
        : undefined;
  const after = roles.map((before, number) => (number === node ? next : before));
  return after.includes('voter') ? after : undefined;
}

describe('leases and blocks in force', () => {
  it('who holds a lease decides on all that is in force, whatever becomes of frames, clocks, nodes and configurations', () => {
    const sums = { inForce: 0, barred: 0, leased: 0, promised: 0, refused: 0 };
    const drift = fc.constantFrom(-0.1, 0, 0.1);
    const world = fc.record({
      roles: fc.constantFrom<Roles>(
        ['voter', 'voter', 'voter', undefined, undefined],
        ['voter', 'voter', 'voter', 'learner', 'learner'],
        ['voter', 'voter', 'voter', 'voter', 'voter'],
      ),
      drifts: fc.array(drift, { minLength: 5, maxLength: 5 }),
      // A machine that sleeps and whose wall clock is set has none that is right.
      setsClocks: fc.boolean(),
      mix: fc.constantFrom(...mixes),
    });
    fc.assert(
      fc.property(
        world,
        fc.noBias(fc.array(step, { minLength: 20, maxLength: 150, size: 'max' })),
        ({ roles, drifts, setsClocks, mix }, steps) => {
          const nodes = new LeaseNodes(roles, drifts);
          nodes.grow();
          nodes.run(boundMs);
          const stops: (() => void)[] = [];
          for (const one of steps) act(nodes, mix[one.type % mix.length], one, setsClocks, stops);
          live(nodes);
          for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += nodes.counters[key];
        },
      ),
      { numRuns: 1000 },
    );
    expect(sums.inForce).toBeGreaterThan(3000);
    expect(sums.barred).toBeGreaterThan(1000);
    expect(sums.leased).toBeGreaterThan(100_000);
    expect(sums.promised).toBeGreaterThan(10_000);
    expect(sums.refused).toBeGreaterThan(10_000);
  });
});

function act(
  nodes: LeaseNodes,
  type: (typeof mixes)[number][number] | undefined,
  { node: number, place, amount }: Step,
  setsClocks: boolean,
  stops: (() => void)[],
): void {
  const node = nodes.node(number);
  const other = nodes.node(place % nodes.nodes.length);
  const some = Math.floor(amount * 8);
  const most = nodes.nodes.filter((one) => one.isRunning && one !== node && (one !== other || amount < 0.5));
  if (type === 'seal') nodes.seal(node);
  else if (type === 'follow') nodes.follow(node, node.tip + some);
  else if (type === 'certify') node.advance(node.certified + some);
  else if (type === 'spread') nodes.spread();
  else if (type === 'spread among some') nodes.spread(most);
  else if (type === 'grow') nodes.grow(most);
  else if (type === 'change') {
    const roles = nodes.settledRoles && changed(nodes.settledRoles, number, place);
    if (roles !== undefined) nodes.grow(most, roles);
  } else if (type === 'learn') node.learn();
  else if (type === 'wait') {
    const asked = [node, ...nodes.nodes].find(({ isRunning }) => isRunning);
    if (asked !== undefined) stops.push(nodes.wait(asked, asked.certified + (place % 4 === 0 ? 1 : 0)).stop);
  } else if (type === 'stop waiting') stops[place]?.();
  else if (type === 'deliver') nodes.deliver(place);
  else if (type === 'lose') nodes.underWay.splice(place, 1 + some);
  else if (type === 'repeat') nodes.underWay.push(...nodes.underWay.slice(place, place + some));
  else if (type === 'deliver all') nodes.deliverAll();
  else if (type === 'pass') nodes.pass(Math.floor(amount * boundMs));
  else if (type === 'run') nodes.run(boundMs * (0.1 + amount));
  else if (type === 'cut') nodes.breakLink(node, other, 'cut');
  else if (type === 'hold') nodes.breakLink(node, other, 'held');
  else if (type === 'isolate') nodes.isolate(node, amount < 0.5 ? 'cut' : 'held');
  else if (type === 'mend') nodes.mendAll();
  else if (type === 'restart') node.restart(some);
  else if (type === 'read fails') node.failReads();
  else if (type === 'pause') node.standStill('paused');
  else if (type === 'sleep') node.standStill(setsClocks ? 'paused' : 'asleep');
  else if (type === 'go on') for (const still of nodes.nodes) still.goOn();
  else if (setsClocks) node.clock.offsetMs = (amount - 0.5) * 7_200_000;
  nodes.look();
}

/** All but one node, where the others can do without, come to hold leases, and a new block comes into force. */
function live(nodes: LeaseNodes): void {
  nodes.mendAll();
  for (const node of nodes.nodes) node.goOn();
  nodes.spread();
  for (const node of nodes.nodes) {
    node.learn();
    expect([node.tip, node.certified]).toEqual([nodes.committed, nodes.committed]);
  }
  const roles = nodes.settledRoles ?? [];
  const silent = roles.filter((role) => role === 'voter').length > 2 ? roles.indexOf('voter') : -1;
  const members = nodes.nodes.filter((_, number) => roles[number] !== undefined && number !== silent);
  if (silent >= 0) nodes.isolate(nodes.node(silent));
  nodes.run(2 * boundMs);
  for (const member of members) expect(member.part.holdsLease).toBe(true);
  const height = nodes.grow(members);
  const waiting = members.map((member) => nodes.wait(member, height));
  nodes.run(2 * boundMs);
  for (const { word } of waiting) expect(word?.isInForce).toBe(true);
  for (const member of members) expect(member.part.holdsLease).toBe(true);
}

const three: Roles = ['voter', 'voter', 'voter'];
const tickMs = boundMs / 40;

/** Nodes that hold their leases at the first block. */
function leased(roles: Roles = three): { nodes: LeaseNodes; part: (number: number) => LeaseNode } {
  const nodes = new LeaseNodes(roles);
  nodes.grow();
  nodes.run(2 * boundMs);
  for (const [number, role] of roles.entries()) expect(nodes.node(number).part.holdsLease).toBe(role !== undefined);
  return { nodes, part: (number) => nodes.node(number) };
}

/** A node whose lease has run out, and whose questions the test answers: of three voters, a learner and a stranger. */
function alone(number: number): {
  nodes: LeaseNodes;
  /** Lets time pass until it asks. Answers the number of the question. */
  ask: () => number;
  /** Answers whether the node then holds a lease. */
  answer: (from: number, sequence: number) => boolean;
} {
  const { nodes, part } = leased([...three, 'learner', undefined]);
  const holder = part(number);
  nodes.isolate(holder);
  nodes.run(boundMs);
  nodes.mend(holder);
  expect(holder.part.holdsLease).toBe(false);
  const ask = (): number => {
    nodes.underWay = [];
    const untilMs = nodes.nowMs + boundMs;
    while (nodes.messages('lease-wanted').length === 0) {
      expect(nodes.nowMs).toBeLessThan(untilMs);
      nodes.nowMs += tickMs;
      holder.tick();
    }
    return present(nodes.messages('lease-wanted')[0], 'it asks').sequence;
  };
  const answer = (from: number, sequence: number): boolean => {
    holder.part.receive(part(from).nodeId, encodeLeaseMessage({ type: 'lease', sequence }));
    return holder.part.holdsLease;
  };
  return { nodes, ask, answer };
}

function standings(nodes: LeaseNodes, { word }: ReturnType<LeaseNodes['wait']>): Record<number, string> {
  const others = [...(word?.others ?? [])];
  return Object.fromEntries(
    others.map(([id, standing]) => [nodes.nodes.findIndex(({ nodeId }) => nodeId === id), standing]),
  );
}

describe('a node that is not heard', () => {
  it('is barred when the promises to it have run out, and not before', () => {
    const { nodes, part } = leased();
    nodes.isolate(part(2));
    const height = nodes.grow([part(0), part(1)]);
    const waiting = nodes.wait(part(0), height);
    // It asked not longer ago than this.
    nodes.run(boundMs - times.askMs - tickMs);
    expect(waiting.word).toBeUndefined();
    nodes.run(times.askMs + 2 * tickMs);
    expect([waiting.word?.isInForce, standings(nodes, waiting)]).toEqual([true, { 2: 'barred' }]);
    expect(part(2).part.holdsLease).toBe(false);
    // The next one does not have to wait.
    const next = nodes.wait(part(1), nodes.grow([part(0), part(1)]));
    nodes.deliverAll();
    expect(next.word?.isInForce).toBe(true);
    nodes.mend(part(2));
    nodes.spread();
    nodes.run(boundMs);
    expect(part(2).part.holdsLease).toBe(true);
  });

  it('is told apart from those that are, for who stops waiting', () => {
    const { nodes, part } = leased();
    nodes.isolate(part(2));
    const waiting = nodes.wait(part(0), nodes.grow([part(0), part(1)]));
    nodes.run(4 * tickMs);
    waiting.stop();
    expect([waiting.word?.isInForce, standings(nodes, waiting)]).toEqual([false, { 2: 'unknown' }]);
  });

  it('need not be, where a voter heard that it decides on the block', () => {
    const { nodes, part } = leased();
    for (const [from, to] of [
      [0, 2],
      [2, 0],
    ] as const)
      nodes.breakLink(part(from), part(to), 'cut');
    nodes.run(2 * boundMs);
    const waiting = nodes.wait(part(0), nodes.grow());
    nodes.run(boundMs / 2);
    expect([waiting.word?.isInForce, standings(nodes, waiting)]).toEqual([true, { 2: 'barred' }]);
    expect(part(2).part.holdsLease).toBe(true);
  });

  it('is barred by all voters that a majority takes, not by fewer', () => {
    const { nodes, part } = leased(['voter', 'voter', 'voter', 'learner']);
    nodes.isolate(part(2));
    nodes.isolate(part(1), 'held');
    const height = nodes.grow([part(0), part(1), part(3)]);
    const waiting = nodes.wait(part(0), height);
    for (const by of [part(0), part(3), part(2)])
      part(0).part.receive(by.nodeId, encodeLeaseMessage({ type: 'barred', holder: part(2).nodeId, height }));
    // Of the others it has the word.
    const word = encodeReachMessage({ word: 'decides', isQuestion: false, height });
    for (const by of [part(1), part(3)]) part(0).part.receive(by.nodeId, word);
    nodes.run(3 * boundMs);
    expect(waiting.word).toBeUndefined();
    nodes.mend(part(1));
    nodes.run(1.5 * boundMs);
    expect([waiting.word?.isInForce, standings(nodes, waiting)]).toEqual([true, { 2: 'barred' }]);
  });

  it('holds no lease though only the wall clock shows that its machine slept', () => {
    const { nodes, part } = leased();
    part(2).standStill('asleep');
    const waiting = nodes.wait(part(0), nodes.grow([part(0), part(1)]));
    nodes.run(2 * boundMs);
    expect(waiting.word?.isInForce).toBe(true);
    part(2).goOn();
    nodes.look();
    expect(part(2).part.holdsLease).toBe(false);
  });
});

describe('a node that is heard and gets no blocks', () => {
  it('is promised nothing from when the block is waited for, so that it is barred', () => {
    const { nodes, part } = leased();
    const waiting = nodes.wait(part(0), nodes.grow([part(0), part(1)]));
    nodes.run(1.5 * boundMs);
    expect([waiting.word?.isInForce, standings(nodes, waiting)]).toEqual([true, { 2: 'barred' }]);
    nodes.spread();
    nodes.run(boundMs);
    expect(part(2).part.holdsLease).toBe(true);
  });
});

describe('a promise', () => {
  it('counts from when it was asked for', () => {
    const { nodes, ask, answer } = alone(2);
    for (const lateMs of [0, times.reliedOnMs - 1]) {
      const sequence = ask();
      nodes.nowMs += lateMs;
      expect(answer(0, sequence)).toBe(true);
      nodes.nowMs += boundMs;
    }
    const sequence = ask();
    nodes.nowMs += times.reliedOnMs;
    for (const from of [0, 1]) expect(answer(from, sequence)).toBe(false);
  });

  it('counts from voters only, and to a question that is not forgotten', () => {
    const { nodes, ask, answer } = alone(3);
    const sequence = ask();
    for (const from of [4, 3, 0, 0]) expect(answer(from, sequence)).toBe(false);
    expect(answer(1, sequence + 1)).toBe(false);
    expect(answer(1, sequence)).toBe(true);
    nodes.nowMs += boundMs;
    const questions = new Set([sequence, ask(), ask(), ask(), ask(), ask()]);
    expect(questions.size).toBe(6);
    for (const from of [0, 1, 2]) expect(answer(from, sequence)).toBe(false);
  });

  it('is a learner given, and none of a learner is asked for', () => {
    const { nodes, part } = leased(['voter', 'voter', 'voter', 'learner']);
    nodes.underWay = [];
    part(3).part.receive(
      part(0).nodeId,
      encodeLeaseMessage({ type: 'lease-wanted', sequence: 1, term: { height: 0, generation: 0 }, decides: 1 }),
    );
    expect(nodes.underWay).toEqual([]);
    // Of two voters it would be enough, of one it is not.
    for (const number of [1, 2]) nodes.isolate(part(number));
    nodes.run(boundMs);
    expect(part(3).part.holdsLease).toBe(false);
    nodes.mend(part(1));
    nodes.run(boundMs);
    expect(part(3).part.holdsLease).toBe(true);
  });

  it('is not needed by a voter that is alone', () => {
    for (const roles of [['voter'], ['voter', 'learner']] satisfies Roles[]) {
      const { nodes, part } = leased(roles);
      const waiting = nodes.wait(part(0), nodes.grow());
      nodes.deliverAll();
      expect([waiting.word?.isInForce, waiting.word?.others.size]).toEqual([true, 0]);
    }
  });

  it('may have been given by the process before: a restarted node bars nobody at first', () => {
    const { nodes, part } = leased();
    nodes.isolate(part(2));
    nodes.run(boundMs / 2);
    part(1).restart();
    const waiting = nodes.wait(part(0), nodes.grow([part(0), part(1)]));
    nodes.run(boundMs - 2 * tickMs);
    expect(waiting.word).toBeUndefined();
    nodes.run(4 * tickMs);
    expect(waiting.word?.isInForce).toBe(true);
  });

  it('is not given by a restarted node, nor asked for, before it decides on what was in force', () => {
    const { nodes, part } = leased();
    nodes.isolate(part(2));
    const waiting = nodes.wait(part(0), nodes.grow([part(0), part(1)]));
    nodes.run(2 * boundMs);
    expect(waiting.word?.isInForce).toBe(true);
    nodes.mend(part(2));
    // It forgets what it barred, and is the only one that is left to promise.
    part(1).restart(1);
    nodes.isolate(part(0));
    nodes.run(2 * boundMs);
    expect([part(1), part(2)].map((node) => node.part.holdsLease)).toEqual([false, false]);
    nodes.spread([part(1)]);
    nodes.run(2 * boundMs);
    expect([part(1), part(2)].map((node) => node.part.holdsLease)).toEqual([true, false]);
    nodes.spread();
    nodes.run(2 * boundMs);
    expect([part(1), part(2)].map((node) => node.part.holdsLease)).toEqual([true, true]);
  });
});

describe('after a change of the configuration', () => {
  it('promises of the one before do not count', () => {
    const { nodes, part } = leased(['voter', 'voter', 'voter', 'learner', 'learner']);
    // Node 2 stays behind and asks node 1, which nobody tells whom to bar.
    for (const [from, to] of [
      [0, 1],
      [3, 1],
      [4, 1],
      [0, 2],
      [3, 2],
      [4, 2],
    ] as const) {
      nodes.breakLink(part(from), part(to), 'cut');
      nodes.breakLink(part(to), part(from), 'cut');
    }
    const others = [0, 1, 3, 4].map(part);
    nodes.grow(others, ['voter', 'voter', 'voter', 'voter', 'learner']);
    const height = nodes.grow(others, ['voter', 'voter', 'voter', 'voter', 'voter']);
    const waiting = nodes.wait(part(0), height);
    nodes.run(4 * boundMs);
    expect([waiting.word?.isInForce, standings(nodes, waiting)]).toEqual([true, { 1: 'barred', 2: 'barred' }]);
    expect([1, 2].map((number) => part(number).part.holdsLease)).toEqual([false, false]);
  });

  it('leases of the one before run out before anything is in force, also where a restart forgot the change', () => {
    for (const isRestarted of [false, true]) {
      const { nodes, part } = leased();
      nodes.isolate(part(2));
      const height = nodes.grow([part(0), part(1)], ['voter', 'voter', undefined]);
      if (isRestarted) for (const number of [0, 1]) part(number).restart();
      const waiting = nodes.wait(part(0), height);
      nodes.run(times.reliedOnMs - times.askMs);
      expect(part(2).part.holdsLease).toBe(true);
      nodes.run(boundMs - (times.reliedOnMs - times.askMs) - tickMs);
      expect(waiting.word).toBeUndefined();
      nodes.run(3 * tickMs);
      expect([waiting.word?.isInForce, waiting.word?.others.size]).toEqual([true, 0]);
    }
  });

  it('a voter that has it in its chain promises nothing under the one before', () => {
    const { nodes, part } = leased();
    const height = nodes.grow([part(0), part(1)]);
    nodes.seal(part(0), ['voter', 'voter', undefined]);
    nodes.follow(part(1), height + 1);
    part(0).advance(height + 1);
    const waiting = nodes.wait(part(0), height);
    nodes.run(2 * boundMs);
    expect([waiting.word?.isInForce, waiting.word?.others.size]).toEqual([true, 0]);
    expect(part(2).part.holdsLease).toBe(false);
  });

  it('that a history proved to it a node asks for no lease until its chain holds it', () => {
    const { nodes, part } = leased(['voter', 'voter', 'voter', 'learner']);
    nodes.grow([0, 1, 2].map(part), ['voter', 'voter', 'voter', 'voter']);
    part(3).learn();
    nodes.run(2 * boundMs);
    expect(part(3).part.holdsLease).toBe(false);
    nodes.spread();
    nodes.run(boundMs);
    expect(part(3).part.holdsLease).toBe(true);
  });

  it('nothing is waited for by those who come when its time is over', () => {
    const { nodes, part } = leased();
    nodes.grow(nodes.nodes, ['voter', 'voter', 'learner']);
    nodes.run(2 * boundMs);
    const waiting = nodes.wait(part(0), nodes.grow());
    nodes.deliverAll();
    expect(waiting.word?.isInForce).toBe(true);
  });
});

describe('waiting for a block to be in force', () => {
  it('ends with the replica, which then decides nothing by itself', () => {
    const { nodes, part } = leased();
    const height = nodes.grow();
    const waiting = nodes.wait(part(0), height + 1);
    part(0).part.close();
    expect(waiting.word?.isInForce).toBe(false);
    expect(nodes.wait(part(0), height).word?.isInForce).toBe(false);
    nodes.run(boundMs);
    expect(part(0).part.holdsLease).toBe(true);
    part(0).part.stop();
    expect(part(0).part.holdsLease).toBe(false);
    nodes.run(boundMs);
    expect(part(0).part.holdsLease).toBe(false);
    // Others are still told.
    const other = nodes.wait(part(1), height);
    nodes.deliverAll();
    expect([other.word?.isInForce, other.word?.others.size]).toEqual([true, 0]);
  });

  it('is bounded', () => {
    const { nodes, part } = leased();
    for (let count = 0; count < reachWaitersMax; count++) nodes.wait(part(0), 9);
    expect(() => nodes.wait(part(0), 9)).toThrow(expect.objectContaining({ code: 'overloaded' }));
  });

  it('for a later block keeps nobody from what is there', () => {
    const { nodes, part } = leased();
    nodes.isolate(part(2));
    for (let round = 0; round < 2; round++) {
      const height = nodes.grow([part(0), part(1)]);
      const [later, waiting] = [nodes.wait(part(0), height + 100), nodes.wait(part(0), height)];
      nodes.run(2 * boundMs);
      expect([waiting.word?.isInForce, later.word]).toEqual([true, undefined]);
    }
  });

  it('is not helped by words about blocks far ahead or about strangers', () => {
    const { nodes, part } = leased();
    nodes.isolate(part(2));
    const ahead = 1 + 1024;
    const stranger = encodeNodeId(new Uint8Array(32).fill(99));
    const asked: [NodeId, number][] = [
      [part(2).nodeId, ahead + 1],
      [stranger, 1],
    ];
    const barred = (): [NodeId, number][] => nodes.messages('barred').map(({ holder, height }) => [holder, height]);
    for (const [holder, height] of asked)
      part(1).part.receive(part(0).nodeId, encodeLeaseMessage({ type: 'bar-wanted', holder, height }));
    while (part(1).tip <= ahead) nodes.grow([part(0), part(1)]);
    nodes.pass(2 * boundMs);
    expect(barred()).toEqual([]);
    part(1).part.receive(
      part(0).nodeId,
      encodeLeaseMessage({ type: 'bar-wanted', holder: part(2).nodeId, height: ahead + 1 }),
    );
    expect(barred()).toEqual([[part(2).nodeId, ahead + 1]]);
  });

  it('is told by a voter that lags how far it has come, however new the blocks are that it is asked about', () => {
    const { nodes, part } = leased();
    nodes.isolate(part(2));
    const want = (height: number): void =>
      part(1).part.receive(part(0).nodeId, encodeLeaseMessage({ type: 'bar-wanted', holder: part(2).nodeId, height }));
    const told = (): number[] => nodes.messages('barred').map(({ height }) => height);
    nodes.pass(2 * boundMs);
    const first = part(1).certified;
    want(first + 2);
    expect(told()).toEqual([first]);
    want(first + 3);
    expect(told()).toEqual([first]);
    nodes.grow([part(0), part(1)]);
    want(first + 4);
    expect(told()).toEqual([first, first + 1]);
  });

  it('blames those who send wrong frames', () => {
    const { part } = leased();
    const frame = encodeLeaseMessage({ type: 'lease', sequence: 1 });
    part(0).part.receive(part(1).nodeId, frame.subarray(0, -1));
    const word = encodeReachMessage({ word: 'decides', isQuestion: false, height: 1 });
    part(0).part.receive(part(2).nodeId, word.subarray(0, -1));
    expect(part(0).blamed).toEqual([part(1).nodeId, part(2).nodeId]);
  });
});
