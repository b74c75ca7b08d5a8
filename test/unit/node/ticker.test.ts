import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../../src/base/index.ts';
import { systemClock } from '../../../src/node/clock.ts';
import { Ticker } from '../../../src/node/ticker.ts';
import { EventQueue } from '../../support/simulated-time.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('ticker', () => {
  it('lets in what arrived during a stall before it ticks', async () => {
    const { port1, port2 } = new MessageChannel();
    const events: string[] = [];
    const ticked = Promise.withResolvers<void>();
    const ticker = new Ticker({
      clock: systemClock,
      tickMs: 5,
      tick() {
        events.push('tick');
        ticked.resolve();
      },
    });
    onTestFinished(() => {
      ticker.stop();
      port1.close();
    });
    port1.on('message', (message: string) => events.push(message));
    ticker.start();
    port2.postMessage('heartbeat');
    const endMs = performance.now() + 50;
    while (performance.now() < endMs);
    await ticked.promise;
    expect(events).toEqual(['heartbeat', 'tick']);
  });

  it('makes up for a stall one tick a turn, and not for all of a long one', async () => {
    const time = new EventQueue();
    let stalledMs = 0;
    const clock: Clock = {
      nowMs: () => 0,
      monotonicMs: () => time.nowMs + stalledMs,
      after: (delayMs, callback) => time.schedule(delayMs, 'timer', callback),
    };
    let ticks = 0;
    const lateMs: number[] = [];
    const ticker = new Ticker({
      clock,
      tickMs: 10,
      tick: () => (ticks += 1),
      observeLateMs: (late) => lateMs.push(late),
    });
    ticker.start();
    time.runNext();
    await turn();
    expect(ticks).toBe(1);

    stalledMs = 5000;
    const owed = 12;
    for (let expected = 2; expected <= 1 + owed; expected++) {
      time.runNext(time.nowMs + (expected === 2 ? 10 : 0));
      expect(ticks).toBe(expected - 1);
      await turn();
      expect(ticks).toBe(expected);
    }
    expect(time.runNext(time.nowMs)).toBeUndefined();
    expect(lateMs.slice(0, 3)).toEqual([0, 5000, 100]);

    ticker.stop();
    expect(time.runNext()).toBeUndefined();
  });
});
