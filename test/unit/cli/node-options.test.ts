import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { nodeEnvironment, nodeOptions } from '../../../src/cli/node-options.ts';

const script = fileURLToPath(new URL('../../support/with-node-options.ts', import.meta.url));
const mebibyte = 1024 * 1024;

interface Seen {
  readonly pids: readonly string[];
  readonly options: readonly string[];
  readonly arenas?: string;
  readonly rest: readonly string[];
}

function runWith(options: readonly string[], environment: Readonly<Record<string, string>> = {}): Seen {
  const { MALLOC_ARENA_MAX: _, ...rest } = process.env;
  const env = { ...rest, ...environment };
  return JSON.parse(execFileSync(process.execPath, [...options, script, 'start'], { encoding: 'utf8', env }));
}

test.skipIf(process.platform === 'win32')('a process without the options of a node goes on with them, itself', () => {
  const { pids, options, arenas, rest } = runWith([]);
  expect(pids).toHaveLength(2);
  expect(new Set(pids).size).toBe(1);
  expect(options).toEqual(expect.arrayContaining([...nodeOptions]));
  expect(arenas).toBe(nodeEnvironment['MALLOC_ARENA_MAX']);
  expect(rest).toEqual(['start']);
});

test('a process with options and environment is left alone, and keeps an environment of its own', () => {
  expect(runWith(nodeOptions, nodeEnvironment).pids).toHaveLength(1);
  expect(runWith(nodeOptions, { MALLOC_ARENA_MAX: '5' })).toMatchObject({ pids: [expect.any(String)], arenas: '5' });
});

test('they bound the main thread, and leave other threads their own bounds', () => {
  const growing = fileURLToPath(new URL('../../support/young-generations.ts', import.meta.url));
  const { main, thread } = JSON.parse(execFileSync(process.execPath, [...nodeOptions, growing], { encoding: 'utf8' }));
  expect(main).toBeLessThanOrEqual(32 * mebibyte);
  expect(thread).toBeLessThanOrEqual(6 * mebibyte);
});
