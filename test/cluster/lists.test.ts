import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TransactionRow } from '../../src/api/index.ts';
import { present } from '../../src/base/index.ts';
import { documentOf } from '../support/cli.ts';
import { LocalCluster } from './support.ts';

interface List {
  readonly transactions: readonly TransactionRow[];
  readonly next?: string;
  readonly isWhole: boolean;
}

/** Cells of a printed table: its columns are two spaces apart at least. */
const cells = (line: string): string[] => line.trimEnd().split(/ {2,}/);

describe('what a stranger to the ledger lists and verifies', () => {
  let cluster: LocalCluster;
  let amara: string;
  let ada: string;
  beforeAll(async () => {
    cluster = await LocalCluster.up('--nodes', '1');
    const as = ['--as', 'st-mary'];
    await cluster.json('identity', 'new', 'ada');
    ({ did: amara } = await cluster.json<{ did: string }>('identity', 'new', 'amara', '--agent'));
    await cluster.json('credential', 'issue', 'gateway/st-mary', '--role', 'gateway', '--domain', 'st-mary', ...as);
    await cluster.json('credential', 'issue', 'amara', '--role', 'clinician', ...as);
    await cluster.json('subject', 'link', 'ada', '--domain', 'st-mary', '--chart', '4711');
    const access = ['--subject', 'ada', '--domain', 'st-mary', '--agent', 'amara', '--purpose', 'TREAT'];
    for (const resource of ['the allergies', 'the letters', 'the letters'])
      await cluster.json('access', 'record', ...access, '--resource', resource);
    const { transactions } = await cluster.json<List>('access', 'list', '--limit', '1');
    ada = present(transactions[0]?.names.subjects[0], 'an access has a subject');
  });
  afterAll(() => cluster.remove());

  const list = (...args: string[]) => cluster.json<List>(...args);
  const kinds = ({ transactions }: List) => transactions.map(({ kind }) => kind);

  it('all transactions, newest first or oldest first, page by page', async () => {
    const whole = await list('tx', 'list');
    expect(kinds(whole)).toEqual([
      ...['access.record', 'access.record', 'access.record'],
      ...['enrolment.link', 'credential.issue', 'credential.issue'],
    ]);
    expect(whole).toMatchObject({ isWhole: true });
    const oldest = await list('tx', 'list', '--oldest-first');
    expect(oldest.transactions).toEqual(whole.transactions.toReversed());
    const rows: TransactionRow[] = [];
    for (let cursor: string[] = []; ; ) {
      const page = await list('tx', 'list', '--limit', '4', ...cursor);
      rows.push(...page.transactions);
      if (page.next === undefined) break;
      cursor = ['--cursor', page.next];
    }
    expect(rows).toEqual(whole.transactions);
  });

  it('those of one person, agent, kind or time, by name in the keystore or by DID', async () => {
    const accesses = await list('access', 'list');
    expect(kinds(accesses)).toEqual(['access.record', 'access.record', 'access.record']);
    expect(accesses.transactions.map(({ access }) => access)).toEqual(
      [2, 1, 0].map((entry) => ({ decision: 'deny', entry })),
    );
    for (const filter of [
      ['--agent', 'amara'],
      ['--agent', amara],
      ['--subject', ada],
      ['--subject', 'ada', '--domain', 'st-mary'],
      ['--organisation', 'st-mary', '--from', '1h'],
    ])
      expect((await list('access', 'list', ...filter)).transactions, filter.join(' ')).toEqual(accesses.transactions);
    expect(kinds(await list('tx', 'list', '--kind', 'credential', '--agent', 'amara'))).toEqual(['credential.issue']);
    expect(kinds(await list('tx', 'list', '--to', '1h'))).toEqual([]);
  });

  it('as a table that says who asked for whose record, and how it ended', async () => {
    const { exitCode, stdout, stderr } = await cluster.run('access', 'list', '--limit', '2');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const [head, newest, , note] = stdout.split('\n');
    expect(cells(present(head, 'a head'))).toEqual([
      ...['transaction', 'kind', 'sender', 'agent', 'subject', 'result', 'block', 'time'],
    ]);
    const short = (did: string) => did.slice('did:assent:'.length).slice(0, 12);
    expect(cells(present(newest, 'a row')).slice(3, 6)).toEqual([short(amara), short(ada), 'deny']);
    expect(note).toMatch(/^There may be more: the same list with --cursor [0-9a-f]+$/);
  });

  it('nothing, and why, where nothing is like that', async () => {
    const unknown = await cluster.run('tx', 'list', '--kind', 'acces');
    expect(unknown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(unknown.stdout).toMatch(
      /^No transaction is like that\. "acces" is no kind that this program knows; contracts are .*\baccess\b.*\.\n$/,
    );
    expect((await cluster.run('tx', 'list', '--kind', 'consent')).stdout).toBe('No transaction is like that.\n');
    for (const [args, message] of [
      [['tx', 'list', '--from', '1h', '--to', '2h'], 'is not after'],
      [['tx', 'list', '--consent', '12ab'], 'no id of a consent'],
      [['access', 'list', '--agent', 'nobody'], 'has no key "nobody"'],
    ] as const)
      expect(await cluster.run(...args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) });
  });

  it('every entry of an access log, by name in the keystore or by DID, as of the newest block or an older one', async () => {
    const file = join(cluster.directory, 'log.receipt');
    const genesis = ['--genesis', cluster.file.ledgerId];
    const prove = async (...args: string[]): Promise<unknown> => {
      await cluster.json('receipt', 'get', '--access', ...args, '--out', file);
      return cluster.json('receipt', 'verify', file, ...genesis);
    };
    const { transactions } = await list('access', 'list', '--oldest-first');
    const heights = transactions.map(({ height }) => height);
    const before = present(heights[0], 'an access') - 1;
    for (const who of [[ada], ['ada', '--domain', 'st-mary']]) {
      expect(await prove(...who)).toMatchObject({ verified: true, size: 3, entries: [{}, {}, {}] });
      for (const [size, height] of [before, ...heights].entries()) {
        const entries = transactions.slice(0, size).map(({ id }) => ({ entry: expect.stringContaining(id) }));
        const proved = await prove(...who, '--at', String(height));
        expect(proved).toMatchObject({ verified: true, asOf: { height }, size, entries });
      }
    }
    for (const [exitCode, code, ...args] of [
      [1, 'block-unknown', ada, '--at', '1000'],
      [2, 'key-unknown', 'nobody', '--domain', 'st-mary'],
      [2, 'usage', 'ada'],
    ] as const)
      expect(await cluster.run('receipt', 'get', '--access', ...args, '--out', file)).toMatchObject({
        exitCode,
        stderr: expect.stringContaining(`[${code}]`),
      });
  });

  it('what came after a checkpoint, with a snapshot of the node', async () => {
    const at = (name: string): string => join(cluster.directory, name);
    const [first] = (await list('tx', 'list', '--oldest-first', '--limit', '1')).transactions;
    const { id, height } = present(first, 'a transaction');
    const genesis = ['--genesis', cluster.file.ledgerId];
    await cluster.json('receipt', 'get', id, '--out', at('first.receipt'));
    await cluster.json('receipt', 'verify', at('first.receipt'), ...genesis, '--pin', at('pin'));
    const { height: snapshotHeight, file } = await cluster.json<{ height: number; file: string }>('snapshot', 'create');
    const person = ['--subject', 'ada', '--domain', 'st-mary', '--agent', 'amara', '--purpose', 'TREAT'];
    for (const resource of ['the scans', 'the notes'])
      await cluster.json('access', 'record', ...person, '--resource', resource);
    await cluster.json('cluster', 'down');

    const data = ['--data', at('node-1')];
    const verify = (...args: string[]) => cluster.run('ledger', 'verify', ...args, ...data);
    const since = ['--since', at('pin'), '--snapshot', file];
    const verified = await verify(...since, '--json');
    expect(verified).toMatchObject({ exitCode: 0, stderr: '' });
    expect(documentOf(verified)).toMatchObject({
      verified: true,
      ledgerId: cluster.file.ledgerId,
      transactions: 2,
      since: { checkpointHeight: height, executedAbove: snapshotHeight },
    });
    const { stdout } = await verify(...since);
    expect(stdout).toMatch(new RegExp(`^Verified, as of block \\d+, .*, from the checkpoint of block ${height}, `));
    expect(stdout).toContain(`the execution of every transaction above block ${snapshotHeight}, and all roots`);
    // The whole says the same.
    expect(documentOf(await verify(...genesis, '--json'))).toMatchObject({ verified: true, transactions: 8 });

    const receipt = await verify('--since', at('first.receipt'), '--snapshot', file);
    expect(receipt).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('receipt verify FILE --genesis') });
    expect(await verify('--since', at('pin'))).toMatchObject({ exitCode: 2 });
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    writeFileSync(at('bent.snapshot'), bytes.with(middle, (bytes[middle] as number) ^ 1));
    const bent = await verify('--since', at('pin'), '--snapshot', at('bent.snapshot'));
    expect(bent).toMatchObject({ exitCode: 4, stderr: expect.stringContaining('[snapshot-invalid]') });
  });
}, 60_000);
