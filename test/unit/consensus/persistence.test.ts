import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../../src/base/index.ts';
import { ackOf, tipOf } from '../../../src/consensus/index.ts';
import { Persistence } from '../../../src/consensus/persistence.ts';
import { Progress } from '../../../src/consensus/progress.ts';
import { Staging } from '../../../src/consensus/staging.ts';
import { Forge, genesisTip } from './forge.ts';

const forge = new Forge(3);
const [one, two, three] = forge.branch(genesisTip, 1, 0, 3, [0, 1]);
const [rival] = forge.branch(genesisTip, 2, 1, 1, [1, 2]);
if (one === undefined || two === undefined || three === undefined || rival === undefined) throw new Error('made above');

describe('what has to be on the disk', () => {
  test('changes between two Readys make one batch; a cut inside it leaves nothing of what it cut', () => {
    const persistence = new Persistence({ term: 1 });
    for (const block of [one, two, three]) persistence.append(block);
    persistence.truncateAbove(1);
    persistence.truncateAbove(2);
    persistence.append(rival);
    expect(persistence.take(1, [])).toEqual({ token: 1, truncateAbove: 1, append: [one, rival], peerPromises: [] });
    expect(persistence.isDue).toBe(false);
  });

  test('a completion of an overwritten batch makes durable what is left of it', () => {
    const persistence = new Persistence({ term: 2 });
    for (const block of [one, two, three]) persistence.append(block);
    persistence.take(3, []);
    persistence.truncateAbove(0);
    persistence.append(rival);
    persistence.take(1, []);
    expect(persistence.complete(1).map(({ height }) => height)).toEqual([0]);
    expect(persistence.complete(2).map(({ height }) => height)).toEqual([1]);
  });

  test('a merged completion completes every batch before it', () => {
    const persistence = new Persistence({ term: 0 });
    persistence.adoptTerm(3);
    persistence.take(0, []);
    persistence.vote(forge.request(4, 1, genesisTip));
    persistence.take(0, []);
    expect(persistence.isSynced(persistence.promiseToken)).toBe(false);
    expect(persistence.durable.term).toBe(0);
    persistence.complete(2);
    expect(persistence.durable).toEqual({ term: 4, vote: forge.request(4, 1, genesisTip) });
    expect(persistence.isSynced(persistence.promiseToken)).toBe(true);
  });

  test('promises never go back', () => {
    const persistence = new Persistence({ term: 3, ack: ackOf(two) });
    expect(() => persistence.adoptTerm(3)).toThrow(InvariantError);
    expect(() => persistence.raiseAck(ackOf(two))).toThrow(InvariantError);
    expect(() => persistence.vote(forge.request(2, 1, genesisTip))).toThrow(InvariantError);
    persistence.vote(forge.request(3, 1, genesisTip));
    expect(() => persistence.vote(forge.request(3, 0, genesisTip))).toThrow(InvariantError);
    persistence.adoptTerm(4);
    expect(persistence.hardState).toEqual({ term: 4, ack: ackOf(two) });
  });
});

describe('a staged branch', () => {
  test('is bounded in blocks and bytes', () => {
    const staging = new Staging({ stagedBlocksMax: 2, stagedBytesMax: 1000 });
    staging.start(genesisTip);
    expect([one, two, three].map((block) => staging.push(block))).toEqual([true, true, false]);
    const narrow = new Staging({ stagedBlocksMax: 10, stagedBytesMax: 250 });
    narrow.start(genesisTip);
    expect([one, two, three].map((block) => narrow.push(block))).toEqual([true, true, false]);
    expect(narrow.shift(1)).toEqual([one]);
    expect(narrow.fork).toEqual(tipOf(one));
    expect(narrow.push(three), 'what left makes room').toBe(true);
  });

  test('loses its cover with the block that the certificate is of', () => {
    const staging = new Staging({ stagedBlocksMax: 10, stagedBytesMax: 1000 });
    staging.start(genesisTip);
    for (const block of [one, two, three]) staging.push(block);
    staging.cover(forge.blockCertificate(two, [0, 1]));
    expect([1, 2, 3].map((height) => staging.isCovered(height))).toEqual([true, true, false]);
    expect(staging.dropFrom(2)).toEqual([two.hash, three.hash]);
    expect(staging.isCovered(1)).toBe(false);
    expect(staging.tip).toEqual(tipOf(one));
  });
});

describe("a follower's window", () => {
  const limits = { inflightAppendsMax: 3, inflightBytesMax: 1000, aheadBlocksMax: 50 };

  test('opens with the first answered probe, and closes on appends, bytes and blocks ahead', () => {
    const progress = new Progress(limits, 11, 0);
    const probe = progress.sent(10, 0);
    expect(progress.probing).toBe(true);
    progress.answered(probe);
    expect([progress.state, progress.nextHeight]).toEqual(['replicate', 11]);
    for (let height = 11; height < 14; height++) progress.sent(height, 10);
    expect(progress.isWindowFull, 'appends').toBe(true);
    progress.matched(13);
    expect([progress.isWindowFull, progress.inflightAppends]).toEqual([false, 0]);
    const large = progress.sent(14, 1000);
    expect(progress.isWindowFull, 'bytes').toBe(true);
    progress.answered(large);
    progress.answered(progress.sent(63, 10));
    expect([progress.inflightAppends, progress.isWindowFull], 'blocks ahead').toEqual([0, true]);
  });

  test('answers to appends before the last change of state mean nothing', () => {
    const progress = new Progress(limits, 11, 0);
    const old = progress.sent(10, 0);
    progress.becomeProbe(5);
    expect(progress.isCurrent(old)).toBe(false);
    progress.answered(old);
    expect(progress.state).toBe('probe');
    expect(progress.isCurrent(99), 'nor to what was never sent').toBe(false);
  });
});
