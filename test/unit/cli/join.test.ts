import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { transactionMediaType } from '../../../src/api/index.ts';
import type { JoinResult } from '../../../src/cli/join/join-ledger.ts';
import { builtInContracts } from '../../../src/contracts/index.ts';
import { createSigner, encodeDid, encodeNodeId, generateSeed } from '../../../src/crypto/index.ts';
import { loadConfig, readNodeKey, startNode } from '../../../src/node/index.ts';
import { type CliResult, documentOf, runCli } from '../../support/cli.ts';
import { prepareNode } from '../../support/node-directory.ts';
import { signedCredential } from '../../support/signed-credential.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const peerId = encodeNodeId(createSigner(generateSeed()).publicKey);

/** A ledger of the member `north`, and a place to join it from. */
function founded() {
  const ledger = temporaryDirectory();
  const prepared = prepareNode(ledger);
  const { config, genesis } = prepared;
  const directory = join(temporaryDirectory(), 'node');
  const joinWith = (...args: string[]): Promise<CliResult> =>
    runCli(['join', '--dir', directory, ...args], { workingDirectory: ledger });
  const given = ['--member', 'north', '--genesis', 'genesis', '--peer', `${peerId}=st-mary.example:7400`];
  return { prepared, config, ledgerId: Buffer.from(genesis.ledgerId).toString('hex'), directory, joinWith, given };
}

function contents(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory).map((name) => [name, readFileSync(join(directory, name), 'utf8')] as const),
  );
}

describe('assent join', () => {
  it('writes the directory of a node, and says what comes next', async () => {
    const { directory, joinWith, given, ledgerId } = founded();
    const { exitCode, stdout } = await joinWith(...given, '--host', '127.0.0.5', '--p2p-port', '7499');
    expect(exitCode).toBe(0);
    const { nodeId } = readNodeKey(join(directory, 'node.key'));
    expect(stdout).toContain(`Ledger ${ledgerId}.`);
    expect(stdout).toContain(`assent node propose add ${nodeId} --member north --address 127.0.0.5:7499`);
    expect(stdout).toContain(`assent start --dir ${directory}`);
    expect(loadConfig(join(directory, 'node.json'))).toMatchObject({
      member: 'north',
      p2p: {
        listen: { host: '127.0.0.5', port: 7499 },
        peers: [{ nodeId: peerId, addresses: ['/dns/st-mary.example/tcp/7400'] }],
      },
    });
  });

  it('a second time changes nothing and needs nothing, and finishes what was interrupted', async () => {
    const { directory, joinWith, given } = founded();
    await joinWith(...given);
    const before = contents(directory);
    const again = await joinWith('--member', 'north');
    expect(again.stdout).toContain('holds this node already; nothing was changed.');
    expect(contents(directory)).toEqual(before);

    rmSync(join(directory, 'node.json'));
    const { files, nodeId } = documentOf<JoinResult>(await joinWith(...given, '--json'));
    expect(files).toEqual(['node.json']);
    expect(nodeId).toBe(readNodeKey(join(directory, 'node.key')).nodeId);
    expect(contents(directory)).toEqual(before);
  });

  it('is refused with a sentence where something does not fit, and writes nothing', async () => {
    const { directory, joinWith, given } = founded();
    const stranger = founded();
    const refusals: [args: string[], code: string, sentence: RegExp][] = [
      [['--member', 'north'], 'usage', /genesis is needed: --genesis FILE, or --node URL/],
      [['--member', 'north', '--genesis', 'genesis'], 'usage', /give --peer NODEID=host:port/],
      [['--member', 'north', '--genesis', 'genesis', '--peer', 'north'], 'usage', /"north" is no peer/],
      [[...given, '--ledger', stranger.ledgerId], 'genesis-invalid', new RegExp(`not of ${stranger.ledgerId}`)],
      [['--member', 'south', ...given.slice(2)], 'input-invalid', /has no member south; its members are north\./],
      [['--member', 'north', '--genesis', 'nowhere'], 'input-invalid', /nowhere cannot be read/],
    ];
    for (const [args, code, sentence] of refusals) {
      const { exitCode, stderr } = await joinWith(...args);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(sentence);
      expect(stderr).toMatch(new RegExp(`^assent: [^\\n]+ \\[${code}\\]\\n$`));
    }
    expect(() => readdirSync(directory)).toThrow();

    await stranger.joinWith(...stranger.given);
    const before = contents(stranger.directory);
    const foreign = await joinWith('--dir', stranger.directory, ...given);
    expect(foreign.stderr).toMatch(/belongs to the ledger .*; nothing was changed\. .*\[storage-foreign\]\n$/);
    expect(contents(stranger.directory)).toEqual(before);
  });

  it('takes the genesis from a node that runs, and says to compare the ledger id', async () => {
    const { directory, joinWith, config, ledgerId } = founded();
    const node = await startNode(config);
    onTestFinished(() => node.stop());
    const peer = ['--peer', `${node.nodeId}=127.0.0.1:7400`];
    const from = ['--member', 'north', '--node', node.apiUrl];

    // It is the only node, and nobody told it where others reach it.
    const alone = await joinWith(...from);
    expect(alone.stderr).toMatch(/No node of this ledger is known to begin with/);

    const { stdout } = await joinWith(...from, ...peer);
    expect(stdout).toContain(`Ledger ${ledgerId}: compare this id with one from somebody you trust.`);
    expect(readFileSync(join(directory, 'genesis'), 'utf8')).toBe(readFileSync(config.genesisFile, 'utf8'));

    const checked = documentOf<JoinResult>(await joinWith(...from, '--ledger', ledgerId, '--json'));
    expect(checked).toMatchObject({ ledgerId, unchecked: false, files: [] });
    const other = founded();
    const mixed = await other.joinWith(...other.given, '--node', node.apiUrl);
    expect(mixed.stderr).toMatch(/and the asked node belongs to .*\[genesis-invalid\]\n$/);
  });

  it('takes a member that joined the ledger later from a node that knows it', async () => {
    const { prepared, directory, joinWith, config, given } = founded();
    const node = await startNode(config);
    onTestFinished(() => node.stop());
    const lakeside = ['--member', 'lakeside', ...given.slice(2)];
    const ask = ['--node', node.apiUrl];
    expect((await joinWith(...lakeside)).stderr).toMatch(/a node has to say so: --node URL\. .*\[input-invalid\]\n$/);
    expect((await joinWith(...lakeside, ...ask)).stderr).toMatch(/its members are north\. .*\[input-invalid\]\n$/);
    const governanceKey = encodeDid(createSigner(generateSeed()).publicKey);
    const change = { action: 'member-add', member: 'lakeside', governanceKey };
    const payload = builtInContracts.payloadFromJson('governance.propose', change);
    const body = signedCredential(prepared, { kind: 'governance.propose', payload });
    const headers = { 'content-type': transactionMediaType };
    while (!(await fetch(`${node.apiUrl}/readyz`)).ok);
    await fetch(`${node.apiUrl}/v1/transactions`, { method: 'POST', body, headers });
    expect((await joinWith(...lakeside, ...ask)).exitCode).toBe(0);
    expect(loadConfig(join(directory, 'node.json')).member).toBe('lakeside');
    // What is complete needs nobody.
    expect((await joinWith(...lakeside)).exitCode).toBe(0);
  });
});
