import { describe, expect, it } from 'vitest';
import type { Consistency } from '../../../../src/api/index.ts';
import { AssentError } from '../../../../src/base/index.ts';
import { encodeNodeId, type NodeId } from '../../../../src/crypto/index.ts';
import type { QueryKind } from '../../../../src/node/queries/query.ts';
import type { InForceWord, ReadState } from '../../../../src/node/replica/index.ts';
import { readPointOf } from '../../../../src/node/service/asked.ts';
import { type InForceSources, inForceOf } from '../../../../src/node/service/in-force-answers.ts';
import { StateAnswers } from '../../../../src/node/service/state-answers.ts';
import { Chain, who } from '../replay/support.ts';
import { Timers } from './timers.ts';

type Others = InForceWord['others'];

const named = encodeNodeId(who('node').publicKey);
const unnamed = 'another' as NodeId;

/** A replica that answers when it is asked to stop, as `others` is then, or at once. */
async function begin(others: Others, isSettled = false) {
  const { ledger } = await Chain.begin();
  const timers = new Timers();
  const state = new StateAnswers(ledger, () => timers.nowMs());
  const waited: number[] = [];
  const replica: InForceSources['replica'] = {
    waitInForce(height, done) {
      waited.push(height);
      if (isSettled) done({ isInForce: true, others });
      return () => done({ isInForce: false, others });
    },
  };
  return { timers, waited, sources: { replica, nodes: () => state.nodes(), clock: timers } };
}

describe('whether a block is in force', () => {
  it('is told at once where it is, and nobody looks up whose nodes there are', async () => {
    const { sources, timers, waited } = await begin(new Map(), true);
    const nodes = () => expect.unreachable('all nodes decide on it');
    expect(await inForceOf({ ...sources, nodes }, { height: 3, timeoutMs: 60_000 })).toEqual({
      height: 3,
      inForce: true,
      others: [],
    });
    expect(waited).toEqual([3]);
    expect(timers.pending.size).toBe(0);
  });

  it('is told when the time is up, with the nodes that may decide without it', async () => {
    const { sources, timers } = await begin(
      new Map([
        [named, 'barred'],
        [unnamed, 'unknown'],
      ]),
    );
    const told = inForceOf(sources, { height: 3, timeoutMs: 0 });
    expect(timers.pending.size).toBe(1);
    timers.goOff();
    expect(await told).toEqual({
      height: 3,
      inForce: false,
      others: [
        { nodeId: named, member: 'north', standing: 'barred' },
        { nodeId: unnamed, member: null, standing: 'unknown' },
      ],
    });
  });

  it('is true where whoever has not said that it decides on it is barred from deciding by itself', async () => {
    const { sources } = await begin(new Map([[named, 'barred']]), true);
    expect(await inForceOf(sources, { height: 3, timeoutMs: 60_000 })).toEqual({
      height: 3,
      inForce: true,
      others: [{ nodeId: named, member: 'north', standing: 'barred' }],
    });
  });

  it('is not waited for where too many wait', async () => {
    const { sources, timers } = await begin(new Map());
    const waitInForce = (): never => {
      throw new AssentError('overloaded', 'Too many wait.');
    };
    const told = inForceOf({ ...sources, replica: { waitInForce } }, { height: 3, timeoutMs: 60_000 });
    await expect(told).rejects.toMatchObject({ code: 'overloaded' });
    expect(timers.pending.size).toBe(0);
  });
});

describe('a question to the main thread', () => {
  const asks: readonly QueryKind[] = ['decide', 'certifiedHeight', 'domain'];

  it.each<[Consistency, boolean, readonly ReadState[]]>([
    ['linearizable', true, ['certified', 'certified', 'applied']],
    ['in-force', false, ['certified', 'certified', 'applied']],
    ['in-force', true, ['applied']],
    ['local', false, []],
  ])('that is %s passes the barrier, or not; a lease: %s', async (consistency, isHeld, expected) => {
    const { ledger } = await Chain.begin();
    const passed: ReadState[] = [];
    const replica = {
      holdsLease: () => isHeld,
      read(state: ReadState, done: () => void): void {
        passed.push(state);
        done();
      },
    };
    for (const kind of asks) await readPointOf({ replica, ledger }, consistency, kind);
    expect(passed).toEqual(expected);
  });
});
