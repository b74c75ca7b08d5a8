import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { nodeEnvironment, nodeOptions } from '../../../src/cli/node-options.ts';

const script = fileURLToPath(new URL('../../support/with-node-options.ts', import.meta.url));
const mebibyte = 1024 * 1024;

interface Seen {
  readonly pids: readonly string[];
  readonly options: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly rest: readonly string[];
}

function runWith(options: readonly string[], environment: Readonly<Record<string, string>> = {}): Seen {
  const own = Object.entries(process.env).filter(([name]) => !(name in nodeEnvironment));
  const env = { ...Object.fromEntries(own), ...environment };
  return JSON.parse(execFileSync(process.execPath, [...options, script, 'start'], { encoding: 'utf8', env }));
}

test.skipIf(process.platform === 'win32')('a process without the options of a node goes on with them, itself', () => {
  const { pids, options, environment, rest } = runWith([]);
  expect(pids).toHaveLength(2);
  expect(new Set(pids).size).toBe(1);
  expect(options).toEqual(expect.arrayContaining([...nodeOptions]));
  expect(environment).toEqual(nodeEnvironment);
  expect(rest).toEqual(['start']);
});

test('a process with options and environment is left alone, and keeps an environment of its own', () => {
  expect(runWith(nodeOptions, nodeEnvironment).pids).toHaveLength(1);
  const environment = { ...nodeEnvironment, MALLOC_ARENA_MAX: '5' };
  expect(runWith([], environment)).toMatchObject({ environment });
  expect(runWith(nodeOptions, environment)).toMatchObject({ pids: [expect.any(String)], environment });
});

test('they bound the main thread, and leave other threads their own bounds', () => {
  const growing = fileURLToPath(new URL('../../support/young-generations.ts', import.meta.url));
  const { main, thread } = JSON.parse(execFileSync(process.execPath, [...nodeOptions, growing], { encoding: 'utf8' }));
  expect(main).toBeLessThanOrEqual(32 * mebibyte);
  expect(thread).toBeLessThanOrEqual(6 * mebibyte);
});
