import fc from 'fast-check';
import { expect, test } from 'vitest';
import { calmNetwork, SimulatedNetwork } from '../support/simulated-network.ts';
import { SeededRandom } from '../support/simulated-random.ts';
import { EventQueue, SimulatedClock } from '../support/simulated-time.ts';

test('the generator repeats itself for a seed and differs between seeds and forks', () => {
  const draw = (random: SeededRandom): number[] => Array.from({ length: 8 }, () => random.below(1_000_000));
  const first = draw(new SeededRandom(7));
  expect(draw(new SeededRandom(7))).toEqual(first);
  expect(draw(new SeededRandom(8))).not.toEqual(first);
  expect(draw(new SeededRandom(2 ** 32 + 7))).not.toEqual(first);
  expect(draw(new SeededRandom(7).fork('a'))).not.toEqual(draw(new SeededRandom(7).fork('b')));
});

test('a fork does not depend on what its parent drew before', () => {
  const [untouched, used] = [new SeededRandom(1), new SeededRandom(1)];
  used.bytes(100);
  expect(used.fork('x').bytes(16)).toEqual(untouched.fork('x').bytes(16));
});

test('the generator is about uniform', () => {
  const random = new SeededRandom(3);
  const counts = new Array<number>(10).fill(0);
  for (let draw = 0; draw < 100_000; draw++) {
    const face = random.below(10);
    counts[face] = (counts[face] ?? 0) + 1;
  }
  let sum = 0;
  for (let draw = 0; draw < 100_000; draw++) sum += random.exponential(5);
  expect(sum / 100_000).toBeCloseTo(5, 0);
  for (const count of counts) expect(Math.abs(count / 100_000 - 0.1)).toBeLessThan(0.01);
});

test('events run by time, and those of one time in the order in which they were scheduled', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 200 }), (delays) => {
      const queue = new EventQueue();
      const ran: number[] = [];
      for (const [index, delay] of delays.entries()) queue.schedule(delay, '', () => ran.push(index));
      while (queue.runNext() !== undefined) expect(queue.nowMs).toBe(delays[ran[ran.length - 1] as number]);
      const expected = delays.map((delay, index) => [delay, index] as const).sort(([a, i], [b, j]) => a - b || i - j);
      expect(ran).toEqual(expected.map(([, index]) => index));
    }),
  );
});

test('a cancelled event does not run, and a stopped clock fires no timer', () => {
  const queue = new EventQueue();
  const ran: string[] = [];
  queue.schedule(1, '', () => ran.push('cancelled')).cancel();
  const clock = new SimulatedClock(queue, { offsetMs: 3_600_000, drift: 0.1 }, 'timer');
  clock.after(11, () => ran.push('timer'));
  expect(queue.runNext()).toBe('timer');
  expect(queue.nowMs).toBeCloseTo(10);
  clock.after(1, () => ran.push('dead'));
  clock.stop();
  while (queue.runNext() !== undefined);
  expect(ran).toEqual(['timer']);
});

test('a cut is one-way and takes what is under way; held packets wait for their release', () => {
  const queue = new EventQueue();
  const arrived: string[] = [];
  const network = new SimulatedNetwork<string>({
    queue,
    random: new SeededRandom(1),
    nodeCount: 2,
    faults: { ...calmNetwork },
    deliver: ({ from, channel }) => arrived.push(`${from}${channel}`),
  });
  const send = (from: number, channel: string): boolean =>
    network.send({ from, to: 1 - from, channel, frame: new Uint8Array() });
  send(0, 'under way');
  network.cut(0, 1);
  send(0, 'cut');
  send(1, 'back');
  network.fate = () => 'hold';
  network.mend(0, 1);
  send(0, 'held');
  network.fate = () => 'deliver';
  while (queue.runNext() !== undefined);
  // The packet that was under way arrives after all, since the link was mended before it would have arrived.
  expect(arrived.sort()).toEqual(['0under way', '1back']);
  expect(network.release()).toBe(1);
  while (queue.runNext() !== undefined);
  expect(arrived).toContain('0held');
});
