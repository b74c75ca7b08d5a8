import { once } from 'node:events';
import nodeProcess from 'node:process';
import { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Clock } from '../../../../src/base/index.ts';
import { noLease } from '../../../../src/node/replica/in-force/holder.ts';
import { LeaseCell } from '../../../../src/node/threads/lease-cell.ts';

const longMs = 600_000;

/** The main thread's clock, which begins where it likes. */
const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => 1_000_000 + performance.now(),
  after: () => expect.unreachable(),
};

function endIn(monotonicLeftMs: number, wallLeftMs: number): { monotonicMs: number; wallMs: number } {
  return { monotonicMs: clock.monotonicMs() + monotonicLeftMs, wallMs: clock.nowMs() + wallLeftMs };
}

describe('the cell of a lease', () => {
  it('shows all threads the same: held before both ends, over after either, and when it is given up', async () => {
    const cell = new LeaseCell();
    const module = new URL('../../../../src/node/threads/lease-cell.ts', import.meta.url).href;
    const worker = new Worker(
      `import(${JSON.stringify(module)}).then(({ LeaseCell }) => {
        const { parentPort, workerData } = require('node:worker_threads');
        const cell = new LeaseCell(workerData);
        parentPort.on('message', () => parentPort.postMessage(cell.isHeld));
      })`,
      { eval: true, workerData: cell.buffer },
    );
    onTestFinished(async () => void (await worker.terminate()));
    const views = async (): Promise<boolean[]> => {
      worker.postMessage('look');
      const [seen] = await once(worker, 'message');
      return [cell.isHeld, seen as boolean];
    };
    expect(await views()).toEqual([false, false]);
    for (const [end, isHeld] of [
      [endIn(longMs, longMs), true],
      [endIn(-1, longMs), false],
      [endIn(longMs, longMs), true],
      [endIn(longMs, -1), false],
      [endIn(2 * longMs, longMs), true],
      [noLease, false],
    ] as const) {
      cell.set(end, clock);
      expect(await views()).toEqual([isHeld, isHeld]);
    }
  });

  it('is not held for longer by a thread that stands still while it says so', () => {
    const cell = new LeaseCell();
    const leftMs = 20;
    const end = { monotonicMs: 1000 + leftMs, wallMs: clock.nowMs() + longMs };
    cell.set(end, {
      ...clock,
      monotonicMs: () => {
        const overNs = nodeProcess.hrtime.bigint() + BigInt(leftMs + 5) * 1_000_000n;
        while (nodeProcess.hrtime.bigint() < overNs);
        return 1000;
      },
    });
    expect(cell.isHeld).toBe(false);
  });
});
