import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Session } from './commands.ts';
import { parseScript, printScript } from './script.ts';

const files = globSync('*.txt', { cwd: join(import.meta.dirname, 'scripts') }).sort();

/** `npx vitest run test/golden -u` writes what the cores do now into the scripts: read the difference before you keep it. */
describe('golden scripts', () => {
  test('are there', () => expect(files.length).toBeGreaterThanOrEqual(25));

  test.each(files)('%s', async (file) => {
    const path = join(import.meta.dirname, 'scripts', file);
    const session = new Session();
    const transcript = printScript(parseScript(readFileSync(path, 'utf8')), ({ line, command }) => {
      try {
        return session.run(command);
      } catch (error) {
        throw new Error(`${basename(path)}:${line}: "${command}" cannot be run`, { cause: error });
      }
    });
    await expect(transcript).toMatchFileSnapshot(path);
  });
});
