import { expect, test } from 'vitest';
import { AssentError } from '../../../src/base/index.ts';
import { Jobs } from '../../../src/node/service/jobs.ts';
import { StepClock } from './snapshots/harness.ts';

async function afterWaiting<T>(clock: StepClock, asked: Promise<T>): Promise<T> {
  clock.now += 2000;
  clock.fire();
  return asked;
}

test('a job is begun once, told of while it runs, and its outcome told once', async () => {
  const clock = new StepClock();
  const jobs = new Jobs<number>(clock);
  const begun: PromiseWithResolvers<number>[] = [];
  const begin = (): Promise<number> => {
    const job = Promise.withResolvers<number>();
    begun.push(job);
    return job.promise;
  };
  expect(await afterWaiting(clock, jobs.step(begin))).toBeUndefined();
  expect(await afterWaiting(clock, jobs.step(begin))).toBeUndefined();
  expect(begun).toHaveLength(1);
  begun[0]?.resolve(7);
  expect(await jobs.step(begin)).toBe(7);
  expect(begun).toHaveLength(1);
  // The next one begins another, which fails while nobody waits.
  expect(await afterWaiting(clock, jobs.step(begin))).toBeUndefined();
  begun[1]?.reject(new AssentError('archive-full', 'There is no room.'));
  await expect(jobs.step(begin)).rejects.toMatchObject({ code: 'archive-full' });
  expect(await afterWaiting(clock, jobs.step(begin))).toBeUndefined();
  expect(begun).toHaveLength(3);
});
