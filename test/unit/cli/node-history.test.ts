import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ApiServer } from '../../../src/api/server/index.ts';
import { silentLogger, toHex } from '../../../src/base/index.ts';
import { createGenesis, genesisToText } from '../../../src/ledger/index.ts';
import { configurationPage, historyAnswer } from '../../../src/node/service/configuration-answers.ts';
import { type ConfigurationHistory, encodeHistory, verifyHistory } from '../../../src/verify/index.ts';
import { documentOf, runCli } from '../../support/cli.ts';
import { nodeWith } from '../../support/service.ts';
import { forgeChain, growth, historyOf, known, ledgerGenesis } from '../verify/forge-history.ts';

const directory = mkdtempSync(join(tmpdir(), 'assent-history-'));
const cli = (...args: string[]) => runCli(args, { workingDirectory: directory });
const chain = forgeChain(growth);
const proved = verifyHistory(historyOf(chain), known);
const wrong = historyOf(chain.filter((_, index) => index !== 1));

beforeAll(() => {
  writeFileSync(join(directory, 'genesis'), genesisToText(ledgerGenesis));
  const other = createGenesis({ ...ledgerGenesis.content, ledgerName: 'another' });
  writeFileSync(join(directory, 'another'), genesisToText(other));
  writeFileSync(join(directory, 'whole'), encodeHistory(historyOf(chain)));
  writeFileSync(join(directory, 'wrong'), encodeHistory(wrong));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** A node with these changes, which puts so many in one piece. */
async function nodeOf(after: (height: number) => ConfigurationHistory | undefined): Promise<string> {
  const changes = proved.map(({ height, configuration, ...change }) => {
    return { height, configuration, ...(change.step !== undefined && { change }) };
  });
  const histories = { known: [{ height: 0, configuration: known.configuration }, ...changes], after };
  const service = nodeWith({
    configurations: async (query) => configurationPage(histories, query),
    history: async (query) => {
      const { bytes, next } = historyAnswer(histories, query);
      return { history: toHex(bytes), ...(next !== undefined && { next }) };
    },
  });
  const onBug = (error: unknown): void => {
    throw error;
  };
  const server = new ApiServer({ service, version: '1.2.3', logger: silentLogger, onBug });
  const port = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close(100));
  return `http://127.0.0.1:${port}`;
}

/** Two changes a piece. */
function inPieces(height: number): ConfigurationHistory | undefined {
  const begin = height === 0 ? 0 : proved.findIndex((change) => change.height === height) + 1;
  const from = height === 0 ? known : proved[begin - 1];
  return from && historyOf(chain.slice(begin, begin + 2), from);
}

const steps = [null, 'add', 'promote', 'add', 'promote'];

interface Document {
  readonly verified: boolean;
  readonly configurations: readonly { readonly change: { readonly step: string } | null }[];
  readonly files?: readonly string[];
}

describe('node history', () => {
  it('verifies a file against the genesis alone, a line a configuration', async () => {
    const { exitCode, stdout, stderr } = await cli('node', 'history', '--file', 'whole', '--genesis', 'genesis');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines.filter((line) => /^ *\d+ /.test(line))).toHaveLength(5);
    expect(stdout).toMatch(/^ +12 +promote +\S{8} +5 +0 +[0-9a-f]{12}$/m);
    expect(stdout).toContain('Verified, from the genesis of ledger');
    expect(stdout).toContain('to block 12: 4 changes');
  });

  it.each([
    ['with a change left out', ['--file', 'wrong', '--genesis', 'genesis'], 'block 7'],
    ['of another ledger', ['--file', 'whole', '--genesis', 'another'], 'another ledger'],
    ['that is none', ['--file', 'genesis', '--genesis', 'genesis'], 'configuration history is wrong'],
  ])('ends with 4 for a history %s', async (_, flags, reason) => {
    const { exitCode, stdout, stderr } = await cli('node', 'history', ...flags);
    expect({ exitCode, stdout }).toEqual({ exitCode: 4, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).toContain('[history-invalid]');
  });

  it('asks for the genesis where it knows none', async () => {
    const { exitCode, stderr } = await cli('node', 'history', '--file', 'whole');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--genesis');
  });

  it('shows what a node says, verifies it, and writes it down in as many files as it has pieces', async () => {
    const url = await nodeOf(inPieces);
    const list = documentOf<Document>(await cli('node', 'history', '--node', url, '--json'));
    expect(list.verified).toBe(false);
    expect(list.configurations.map(({ change }) => change?.step ?? null)).toEqual(steps);
    const flags = ['--node', url, '--verify', '--genesis', 'genesis', '--out', 'part', '--json'];
    const verified = documentOf<Document>(await cli('node', 'history', ...flags));
    expect(verified).toMatchObject({ verified: true, configurations: list.configurations });
    expect(verified.files).toEqual([join(directory, 'part'), join(directory, 'part.2')]);
    expect(readFileSync(join(directory, 'part'))).toEqual(Buffer.from(encodeHistory(historyOf(chain.slice(0, 2)))));
    const again = await cli('node', 'history', '--file', 'part', 'part.2', '--genesis', 'genesis', '--json');
    expect(documentOf<Document>(again).configurations).toEqual(list.configurations);
  });

  it('ends with 4 when a node says what is not so', async () => {
    const url = await nodeOf((height) => (height === 0 ? wrong : inPieces(height)));
    const { exitCode, stderr } = await cli('node', 'history', '--node', url, '--verify', '--genesis', 'genesis');
    expect(exitCode).toBe(4);
    expect(stderr).toContain('[history-invalid]');
  });

  it('knows no history from a block that changed nothing', () => {
    const histories = { known: [], after: () => undefined };
    expect(() => historyAnswer(histories, { after: 3 })).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});
