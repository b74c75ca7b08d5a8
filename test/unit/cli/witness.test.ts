import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiServer } from '../../../src/api/server/index.ts';
import { present, silentLogger, toHex, utf8 } from '../../../src/base/index.ts';
import { sha256 } from '../../../src/crypto/index.ts';
import { LedgerReader, type LedgerReaderOptions } from '../../../src/node/front/ledger-reader.ts';
import { rulesJson } from '../../../src/node/rules.ts';
import { documentOf, runCli } from '../../support/cli.ts';
import { ReceiptLedger, who } from '../../support/receipt-ledger.ts';
import { nodeWith } from '../../support/service.ts';

const directory = mkdtempSync(join(tmpdir(), 'assent-witness-'));
const environment = { ASSENT_PASSPHRASE: 'a witness' };
const cli = (...args: string[]) => runCli(args, { workingDirectory: directory, environment });
const home = join(directory, 'home');
const seedFile = 'patients.seed';

let ledger: ReceiptLedger;
let genesis: string;
let [node, rivalNode] = ['', ''];
const servers: ApiServer[] = [];
const patients = who('patients');

async function serve(one: ReceiptLedger): Promise<string> {
  await one.keepCosignatures();
  const { receipts, checkpoints } = one;
  const read = (): LedgerReader => {
    const reading = { ask: one.ask, readPoint: one.ledger.applied };
    return new LedgerReader({
      reading,
      rules: rulesJson,
      receipts,
      checkpoints,
    } as Partial<LedgerReaderOptions> as LedgerReaderOptions);
  };
  const service = nodeWith({ read });
  const onBug = (error: unknown): void => {
    throw error;
  };
  const server = new ApiServer({ service, version: '1.2.3', logger: silentLogger, onBug });
  servers.push(server);
  return `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;
}

const witness = (...args: string[]) => cli('--home', home, '--as', 'witnesses/patients', 'witness', ...args);

beforeAll(async () => {
  ledger = await ReceiptLedger.begin();
  await ledger.block([ledger.access()]);
  const rival = await ReceiptLedger.begin();
  for (let more = 0; more < 3; more++) await rival.block([]);
  genesis = toHex(ledger.genesis.ledgerId);
  [node, rivalNode] = [await serve(ledger), await serve(rival)];
  // The key that the node's operator named.
  writeFileSync(join(directory, seedFile), `${toHex(sha256(utf8('receipts patients')))}\n`);
  expect(await cli('--home', home, 'identity', 'import', 'witnesses/patients', seedFile, '--agent')).toMatchObject({
    exitCode: 0,
  });
});

afterAll(async () => {
  for (const server of servers) await server.close(100);
  rmSync(directory, { recursive: true });
});

describe('assent witness and assent checkpoint', () => {
  it('begin with a key, cosign the newest block, and say the same again while nothing is new', async () => {
    expect(await witness('sign', '--node', node)).toMatchObject({ exitCode: 1 });
    expect(await witness('init', '--genesis', genesis)).toMatchObject({ exitCode: 0 });
    expect(await witness('init', '--genesis', genesis)).toMatchObject({ exitCode: 4 });
    const first = await witness('sign', '--node', node, '--json');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    expect(documentOf(first)).toMatchObject({ witness: patients.did, height: 3, isNew: true, nodes: [{ node }] });
    const again = documentOf<object>(await witness('sign', '--node', node, '--json'));
    expect(again).toEqual({ ...documentOf<object>(first), isNew: false });
    await ledger.block([]);
    const later = documentOf(await witness('sign', '--node', node, '--json'));
    expect(later).toMatchObject({ height: 4, isNew: true });
    expect((await witness('status')).stdout).toContain('block 4');
    expect((await ledger.checkpoints.list()).checkpoints.map(({ height }) => height)).toEqual([4, 3]);
  });

  it('make and verify files, with as many witnesses as are demanded', async () => {
    const get = await cli('checkpoint', 'get', '--witnesses', '1', '--out', 'ours', '--node', node);
    expect(get).toMatchObject({ exitCode: 0, stderr: '' });
    const verify = (...args: string[]) => cli('checkpoint', 'verify', 'ours', '--genesis', genesis, ...args);
    expect(await verify('--witness', patients.did, '--json')).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await verify()).stdout).toContain('1 witness cosigned it');
    const others = [patients.did, who('auditor').did];
    expect(await verify('--witness', ...others, '--at-least', '1')).toMatchObject({ exitCode: 0 });
    const few = await verify('--witness', ...others);
    expect(few).toMatchObject({ exitCode: 4, stdout: '' });
    expect(few.stderr).toContain('[receipt-witnesses-missing]');
    expect(await verify('--at-least', '1')).toMatchObject({ exitCode: 2 });
    expect(await verify('--witness', 'nobody')).toMatchObject({ exitCode: 2 });
    expect(await cli('checkpoint', 'get', '--witnesses', '2', '--out', 'x', '--node', node)).toMatchObject({
      exitCode: 1,
    });
    // A receipt that the cosigned block proves.
    await cli('receipt', 'get', '--consistency', '1', '2', '--checkpoint', 'ours', '--out', 'old', '--node', node);
    const demand = ['--genesis', genesis, '--cosigned', 'ours', '--witness', patients.did];
    expect(await cli('receipt', 'verify', 'old', ...demand)).toMatchObject({ exitCode: 0, stderr: '' });
    await cli('receipt', 'get', '--consistency', '1', '2', '--out', 'unwitnessed', '--node', node);
    expect(await cli('receipt', 'verify', 'unwitnessed', ...demand)).toMatchObject({ exitCode: 4 });
  });

  it('find a split view in two files, and leave evidence that anyone can check offline', async () => {
    await cli('checkpoint', 'get', '--height', '3', '--out', 'third', '--node', node);
    expect(await cli('checkpoint', 'compare', 'third', 'ours')).toMatchObject({ exitCode: 4 });
    const one = await cli('checkpoint', 'compare', 'third', 'ours', '--node', node);
    expect(one).toMatchObject({ exitCode: 0, stderr: '' });
    expect(one.stdout).toContain('One history');
    await cli('checkpoint', 'get', '--out', 'theirs', '--node', rivalNode);
    const split = await cli('checkpoint', 'compare', 'third', 'theirs', '--node', rivalNode, '--out', 'evidence');
    expect(split).toMatchObject({ exitCode: 4, stdout: '' });
    expect(split.stderr).toMatch(/certified twice.*nodes that signed both: 12D3Koo.*evidence: .*\[checkpoint-split\]/s);
    const checked = await cli('checkpoint', 'compare', 'evidence', '--genesis', genesis);
    expect(checked.stderr).toContain('[checkpoint-split]');
    const bytes = Uint8Array.from(readFileSync(join(directory, 'evidence')));
    writeFileSync(join(directory, 'flipped'), bytes.with(999, (bytes[999] as number) ^ 1));
    const flipped = await cli('checkpoint', 'compare', 'flipped', '--genesis', genesis);
    expect(flipped).toMatchObject({ exitCode: 4 });
    expect(flipped.stderr).not.toContain('[checkpoint-split]');
  });

  it('refuse what a node with another history shows, and keep the evidence beside the memory', async () => {
    const memory = present(
      readdirSync(home).find((name) => /^witness-[0-9a-f]{16}$/.test(name)),
      'a memory',
    );
    const before = readFileSync(join(home, memory));
    const refused = await witness('sign', '--node', rivalNode);
    expect(refused).toMatchObject({ exitCode: 4, stdout: '' });
    expect(refused.stderr).toContain('[checkpoint-split]');
    expect(readFileSync(join(home, memory))).toEqual(before);
    const evidence = present(
      readdirSync(home).find((name) => name.includes('.split-')),
      'evidence',
    );
    expect((await cli('checkpoint', 'compare', join(home, evidence))).stderr).toContain('[checkpoint-split]');
    expect(await witness('sign', '--height', '3', '--node', node)).toMatchObject({ exitCode: 4 });
  });

  it('do not go on with a memory that was set back', async () => {
    const memory = join(
      home,
      present(
        readdirSync(home).find((name) => /^witness-[0-9a-f]{16}$/.test(name)),
        'a memory',
      ),
    );
    const before = readFileSync(memory);
    await ledger.block([]);
    expect(await witness('sign', '--node', node)).toMatchObject({ exitCode: 0 });
    writeFileSync(memory, before);
    const refused = await witness('sign', '--node', node);
    expect(refused).toMatchObject({ exitCode: 4 });
    expect(refused.stderr).toMatch(/memory was set back.*\[witness-refused\]/s);
  });
});
