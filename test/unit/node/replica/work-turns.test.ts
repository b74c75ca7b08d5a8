import { describe, expect, it } from 'vitest';
import { WorkTurns } from '../../../../src/node/replica/work-turns.ts';

/** A replica with so many pieces of work, each of which has an effect. `during`: what else happens in each. */
function replica({ pieces, isSliced, during }: { pieces: number; isSliced: boolean; during?: () => void }): {
  readonly turns: WorkTurns;
  readonly did: string[];
  readonly nextTurn: () => boolean;
  stopped: boolean;
} {
  const did: string[] = [];
  const waiting: (() => void)[] = [];
  let [effects, left] = [0, pieces];
  const made = {
    did,
    stopped: false,
    nextTurn: () => {
      const goOn = waiting.shift();
      if (goOn === undefined) return false;
      did.push('turn');
      goOn();
      expect(waiting.length).toBeLessThan(2);
      return true;
    },
    turns: new WorkTurns({
      slicing: isSliced ? { begin: () => () => true, pause: (goOn) => waiting.push(goOn) } : undefined,
      takeEffects: () => {
        if (effects === 0) return false;
        did.push('effects');
        effects = 0;
        during?.();
        return true;
      },
      work: () => {
        if (left === 0) return false;
        did.push('work');
        [effects, left] = [1, left - 1];
        during?.();
        return true;
      },
      guarded: (action) => {
        if (!made.stopped) action();
      },
    }),
  };
  return made;
}

describe('the turns of a replica', () => {
  it('have one piece of work each, or the effects of the one before', () => {
    const { turns, did, nextTurn } = replica({ pieces: 2, isSliced: true });
    turns.take();
    turns.take();
    expect(did, 'nothing in the turn of an event').toEqual([]);
    while (nextTurn());
    const each = ['turn', 'work', 'turn', 'effects'];
    expect(did).toEqual([...each, ...each, 'turn']);
  });

  it('leave the effects to an event that comes first', () => {
    const { turns, did, nextTurn } = replica({ pieces: 1, isSliced: true });
    turns.take();
    nextTurn();
    turns.take();
    expect(did).toEqual(['turn', 'work', 'effects']);
  });

  it('do it all at once where there are none', () => {
    const { turns, did } = replica({ pieces: 2, isSliced: false });
    turns.take();
    expect(did).toEqual(['work', 'effects', 'work', 'effects']);
  });

  it.each([true, false])('are not begun within one (slices: %j)', (isSliced) => {
    const made: ReturnType<typeof replica> = replica({ pieces: 2, isSliced, during: () => made.turns.take() });
    made.turns.take();
    while (made.nextTurn());
    expect(made.did.filter((one) => one !== 'turn')).toEqual(['work', 'effects', 'work', 'effects']);
  });

  it('end with the replica', () => {
    const made = replica({ pieces: 2, isSliced: true });
    made.turns.take();
    made.stopped = true;
    while (made.nextTurn());
    expect(made.did).toEqual(['turn']);
  });
});
