import { describe, expect, it } from 'vitest';
import { AssentError } from '../../../../src/base/index.ts';
import type { NodeId } from '../../../../src/crypto/index.ts';
import { Reach, reachWaitersMax } from '../../../../src/node/replica/reach/reach.ts';
import { type ReachSources, reachOf } from '../../../../src/node/service/reach-answers.ts';
import { StateAnswers } from '../../../../src/node/service/state-answers.ts';
import { Chain } from '../replay/support.ts';
import { Timers } from './timers.ts';

const other = 'another' as NodeId;

/** A node that has applied block 3, and another that says nothing. */
async function begin(nodes: readonly NodeId[] = [other]): Promise<{
  readonly reach: Reach;
  readonly timers: Timers;
  readonly sources: ReachSources;
}> {
  const { ledger } = await Chain.begin();
  const state = new StateAnswers(ledger, () => timers.nowMs());
  const reach = new Reach({
    nodeId: 'this' as NodeId,
    word: 'applied',
    nodes: () => new Set(nodes),
    height: () => 3,
    send: () => undefined,
    blame: () => undefined,
  });
  const timers = new Timers();
  const replica = { waitEverywhere: reach.wait.bind(reach) };
  return { reach, timers, sources: { replica, nodes: () => state.nodes(), clock: timers } };
}

describe('where a block is in force', () => {
  it('is told when the time is up, with whom nothing was heard of', async () => {
    const { sources, timers } = await begin();
    const told = reachOf(sources, { height: 3, timeoutMs: 0 });
    expect(timers.pending.size).toBe(1);
    timers.goOff();
    expect(await told).toEqual({
      height: 3,
      everywhere: false,
      nodes: [
        { nodeId: other, member: null, applied: null, reached: false },
        { nodeId: 'this', member: null, applied: 3, reached: true },
      ],
    });
  });

  it('leaves no timer behind, whether it is told at once or refused', async () => {
    const alone = await begin([]);
    expect(await reachOf(alone.sources, { height: 3, timeoutMs: 60_000 })).toMatchObject({ everywhere: true });
    expect(alone.timers.pending.size).toBe(0);
    const { reach, sources, timers } = await begin();
    for (let count = 0; count < reachWaitersMax; count++) reach.wait(3, () => undefined);
    await expect(reachOf(sources, { height: 3, timeoutMs: 60_000 })).rejects.toMatchObject({ code: 'overloaded' });
    expect(timers.pending.size).toBe(0);
  });

  it('is not looked up while the replica ends: damage that comes to light then is the error of whoever asked', async () => {
    const { reach, sources } = await begin();
    const damaged = new AssentError('storage-damaged', 'A page cannot be read.');
    const nodes = (): never => {
      throw damaged;
    };
    const told = reachOf({ ...sources, nodes }, { height: 3, timeoutMs: 60_000 });
    const failed = expect(told).rejects.toBe(damaged);
    expect(() => reach.close()).not.toThrow();
    await failed;
  });
});
