import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiServer } from '../../../src/api/server/index.ts';
import { present, silentLogger, toHex } from '../../../src/base/index.ts';
import { LedgerReader, type LedgerReaderOptions } from '../../../src/node/front/ledger-reader.ts';
import { rulesJson } from '../../../src/node/rules.ts';
import { documentOf, runCli } from '../../support/cli.ts';
import { ReceiptLedger, who } from '../../support/receipt-ledger.ts';
import { nodeWith } from '../../support/service.ts';

const directory = mkdtempSync(join(tmpdir(), 'assent-receipt-'));
const cli = (...args: string[]) => runCli(args, { workingDirectory: directory });
const subject = who('ana').did;

let ledger: ReceiptLedger;
let genesis: string;
let old: string;
let node: string;
let server: ApiServer;

beforeAll(async () => {
  ledger = await ReceiptLedger.begin();
  genesis = toHex(ledger.genesis.ledgerId);
  old = present((await ledger.block([ledger.access(), ledger.access()]))[0], 'an id');
  const { height } = ledger;
  await ledger.change('node-add', 4);
  await ledger.change('node-promote', 4);
  await ledger.change('node-remove', 1);
  await ledger.block([ledger.access(), ledger.access()]);
  await ledger.forgetCertificates(height, ledger.height - 1);
  // Receipts are all that is asked of it.
  const { applied: readPoint } = ledger.ledger;
  const reading = { ask: ledger.ask, readPoint };
  const reader = new LedgerReader({
    reading,
    rules: rulesJson,
    receipts: ledger.receipts,
  } as Partial<LedgerReaderOptions> as LedgerReaderOptions);
  const service = nodeWith({ read: () => reader });
  const onBug = (error: unknown): void => {
    throw error;
  };
  server = new ApiServer({ service, version: '1.2.3', logger: silentLogger, onBug });
  node = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
});

afterAll(async () => {
  await server.close(100);
  rmSync(directory, { recursive: true });
});

describe('assent receipt', () => {
  it('gets a transaction three configurations old, and verifies it with the file and the genesis hash alone', async () => {
    expect(await cli('receipt', 'get', old, '--out', 'old.receipt', '--node', node)).toMatchObject({ exitCode: 0 });
    const { exitCode, stdout, stderr } = await cli('receipt', 'verify', 'old.receipt', '--genesis', genesis);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(
      /^Proved, as of block 3, 20\d\d-\S+Z, from the genesis [0-9a-f]{12}: the transaction is number 0/,
    );
    expect(stdout).toContain('3 changes of the nodes');
    const verified = await cli('receipt', 'verify', 'old.receipt', '--genesis', genesis, '--json');
    expect(documentOf(verified)).toMatchObject({
      verified: true,
      kind: 'transaction',
      id: old,
      asOf: { height: 3 },
      anchor: { type: 'genesis', ledgerId: genesis },
      certifiedBy: { changes: 3 },
    });
  });

  it('ends with 4 and the reason in one sentence where the file proves nothing', async () => {
    await cli('receipt', 'get', old, '--out', 'whole.receipt', '--node', node);
    const bytes = new Uint8Array(readFileSync(join(directory, 'whole.receipt')));
    for (const place of [0, 40, 400, bytes.length >> 1, bytes.length - 1]) {
      writeFileSync(join(directory, 'flipped.receipt'), bytes.with(place, (bytes[place] as number) ^ 4));
      const flipped = await cli('receipt', 'verify', 'flipped.receipt', '--genesis', genesis);
      expect(flipped).toMatchObject({ exitCode: 4, stdout: '' });
      expect(flipped.stderr).toMatch(/^assent: [A-Z][^\n]*\. [A-Z][^\n]*\. \[receipt-[a-z-]+\]\n$/);
    }
    const other = await cli('receipt', 'verify', 'whole.receipt', '--genesis', '00'.repeat(32));
    expect(other).toMatchObject({ exitCode: 4 });
    expect(other.stderr).toContain('[receipt-of-another-ledger]');
  });

  it('gets and verifies the other kinds, also as JSON, and pins what it verified', async () => {
    const gets = [
      ['--state', `access/log/${toHex(who('ana').publicKey)}`, '--out', 'state.json'],
      ['--state', `access/log/${toHex(who('ana').publicKey)}`, '--at', '4', '--out', 'state-4.receipt'],
      ['--consistency', '2', '5', '--out', 'consistency.receipt'],
      ['--access', subject, '--from', '2027-01-01', '--out', 'log.json'],
      ['--access', subject, '--at', '4', '--out', 'log-4.receipt'],
    ];
    for (const get of gets) {
      expect(await cli('receipt', 'get', ...get, '--node', node)).toMatchObject({ exitCode: 0, stderr: '' });
      const file = get.at(-1) as string;
      const verify = await cli('receipt', 'verify', file, '--genesis', genesis, '--pin', 'pinned.checkpoint');
      expect(verify).toMatchObject({ exitCode: 0, stderr: '' });
    }
    const later = await cli(
      'receipt',
      'get',
      old,
      '--checkpoint',
      'pinned.checkpoint',
      '--out',
      'late',
      '--node',
      node,
    );
    expect(later).toMatchObject({ exitCode: 0 });
    const verified = await cli('receipt', 'verify', 'late', '--checkpoint', 'pinned.checkpoint');
    expect(verified.stdout).toContain('from the checkpoint of block');
    expect(readFileSync(join(directory, 'late')).length).toBeLessThan(2500);
  });

  it('refuses a log that is not complete in the time that is asked for', async () => {
    const from = ledger.ledger.applied.timestamp;
    const begins = new Date(from).toISOString();
    await cli('receipt', 'get', '--access', subject, '--from', begins, '--out', 'late.receipt', '--node', node);
    const verify = (...range: string[]) => cli('receipt', 'verify', 'late.receipt', '--genesis', genesis, ...range);
    expect(documentOf(await verify('--from', begins, '--json'))).toMatchObject({ size: 4, entries: [{}, {}] });
    expect(await verify('--from', '2026-01-01')).toMatchObject({ exitCode: 4 });
    expect((await verify('--from', '2026-01-01')).stderr).toContain('[receipt-range-incomplete]');
  });

  it('ends with 2 where nothing, or too much, is pinned or asked for', async () => {
    await cli('receipt', 'get', old, '--out', 'some.receipt', '--node', node);
    for (const args of [
      ['verify', 'some.receipt'],
      ['verify', 'some.receipt', '--genesis', genesis.slice(2)],
      ['verify', 'some.receipt', '--genesis', genesis, '--checkpoint', 'some.receipt'],
      ['verify', 'some.receipt', '--checkpoint', 'some.receipt'],
      ['verify', 'absent.receipt', '--genesis', genesis],
      ['get', '--out', 'x', '--node', node],
      ['get', old, '--state', 'a/b', '--out', 'x', '--node', node],
      ['get', old, '--at', '3', '--out', 'x', '--node', node],
      ['get', '--consistency', '5', '2', '--out', 'x', '--node', node],
      ['get', 'nothing', '--out', 'x', '--node', node],
    ])
      expect(await cli('receipt', ...args), args.join(' ')).toMatchObject({ exitCode: 2, stdout: '' });
    const unknown = await cli('receipt', 'get', '00'.repeat(32), '--out', 'x', '--node', node);
    expect(unknown).toMatchObject({ exitCode: 1 });
  });
});
