import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { nodeOptions } from '../../../src/cli/node-options.ts';

const script = fileURLToPath(new URL('../../support/with-node-options.ts', import.meta.url));
const mebibyte = 1024 * 1024;

function runWith(options: readonly string[]): { pids: string[]; options: string[]; rest: string[] } {
  return JSON.parse(execFileSync(process.execPath, [...options, script, 'start'], { encoding: 'utf8' }));
}

test.skipIf(process.platform === 'win32')('a process without the options of a node goes on with them, itself', () => {
  const { pids, options, rest } = runWith([]);
  expect(pids).toHaveLength(2);
  expect(new Set(pids).size).toBe(1);
  expect(options).toEqual(expect.arrayContaining([...nodeOptions]));
  expect(rest).toEqual(['start']);
});

test('a process with the options is left alone', () => {
  const { pids } = runWith(nodeOptions);
  expect(pids).toHaveLength(1);
});

test('they bound the main thread, and leave other threads their own bounds', () => {
  const growing = fileURLToPath(new URL('../../support/young-generations.ts', import.meta.url));
  const { main, thread } = JSON.parse(execFileSync(process.execPath, [...nodeOptions, growing], { encoding: 'utf8' }));
  expect(main).toBeLessThanOrEqual(32 * mebibyte);
  expect(thread).toBeLessThanOrEqual(6 * mebibyte);
});
