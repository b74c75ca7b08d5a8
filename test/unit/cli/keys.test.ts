import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, runCli } from '../../support/cli.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const environment = { ASSENT_PASSPHRASE: 'correct horse' };

describe('identity', () => {
  it('makes keys, lists them, and moves one by its seed', async () => {
    const workingDirectory = temporaryDirectory();
    const cli = (...args: string[]) => runCli([...args, '--home', 'keys', '--json'], { workingDirectory, environment });
    const made = documentOf<{ did: string }>(await cli('identity', 'new', 'amara', '--agent', '--title', 'Dr Amara'));
    expect(made.did).toMatch(/^did:assent:z6Mk/);
    await cli('identity', 'new', 'ada');
    const { keys } = documentOf<{ keys: { name: string; kind: string; did?: string; title: string }[] }>(
      await cli('identity', 'list'),
    );
    expect(keys).toMatchObject([
      { name: 'amara', kind: 'agent', did: made.did, title: 'Dr Amara' },
      { name: 'ada', kind: 'person' },
    ]);
    expect((await cli('identity', 'new', 'ada')).stdout).toContain('key-exists');

    await cli('identity', 'export', 'amara', '--out', 'amara.seed');
    expect(statSync(join(workingDirectory, 'amara.seed')).mode & 0o077).toBe(0);
    expect((await cli('identity', 'export', 'amara', '--out', 'amara.seed')).exitCode).toBe(2);
    const again = documentOf<{ did: string }>(await cli('identity', 'import', 'copy', 'amara.seed', '--agent'));
    expect(again.did).toBe(made.did);
    writeFileSync(join(workingDirectory, 'bad.seed'), 'abc');
    expect((await cli('identity', 'import', 'other', 'bad.seed')).stdout).toContain('input-invalid');
  });

  it('says what is missing: keystore, passphrase, key', async () => {
    const workingDirectory = temporaryDirectory();
    const none = await runCli(['identity', 'list', '--home', 'keys'], { workingDirectory, environment });
    expect(none.stderr).toMatch(/no keystore in .*keys; make one with `assent identity new NAME`/);
    const mute = await runCli(['identity', 'new', 'x', '--home', 'keys'], { workingDirectory });
    expect(mute).toMatchObject({ exitCode: 2 });
    expect(mute.stderr).toContain('[keystore-locked]');
    expect(existsSync(join(workingDirectory, 'keys', 'header.json'))).toBe(false);
    await runCli(['identity', 'new', 'x', '--home', 'keys', '--agent'], { workingDirectory, environment });
    const wrong = await runCli(['identity', 'list', '--home', 'keys'], {
      workingDirectory,
      environment: { ASSENT_PASSPHRASE: 'wrong' },
    });
    expect(wrong.stderr).toContain('[keystore-locked]');
    const unknown = await runCli(['identity', 'show', 'nobody', '--home', 'keys'], { workingDirectory, environment });
    expect(unknown).toMatchObject({ exitCode: 2 });
    expect(unknown.stderr).toContain('[key-unknown]');
  });
});

describe('init', () => {
  const init = (workingDirectory: string, ...args: string[]) =>
    runCli(['init', '--home', 'keys', '--json', ...args], { workingDirectory, environment });

  it('writes a node that is a ledger of its own, and never over one', async () => {
    const workingDirectory = temporaryDirectory();
    const result = await init(workingDirectory, '--dir', 'node', '--member', 'st-mary');
    const { files, ledgerId } = documentOf<{ files: string[]; ledgerId: string }>(result);
    expect(files).toEqual(['node.key', 'card.json', 'node.json', 'genesis']);
    expect(ledgerId).toMatch(/^[0-9a-f]{64}$/);
    expect(statSync(join(workingDirectory, 'node', 'node.key')).mode & 0o077).toBe(0);
    const again = await init(workingDirectory, '--dir', 'node', '--member', 'st-mary');
    expect(again).toMatchObject({ exitCode: 2 });
    expect(again.stdout).toContain('storage-foreign');
  });

  it('founds one ledger of several members from their cards', async () => {
    const workingDirectory = temporaryDirectory();
    for (const member of ['a', 'b'])
      await init(
        workingDirectory,
        '--dir',
        member,
        '--member',
        member,
        '--card',
        '--p2p-port',
        member === 'a' ? '7401' : '7402',
      );
    const founded = documentOf<{ ledgerId: string }>(
      await init(workingDirectory, '--dir', 'a', '--member', 'a', '--p2p-port', '7401', '--with', 'b/card.json'),
    );
    const joined = documentOf<{ ledgerId: string }>(
      await init(
        workingDirectory,
        '--dir',
        'b',
        '--member',
        'b',
        '--with',
        'a/card.json',
        '--genesis',
        'a/genesis',
        '--p2p-port',
        '7402',
      ),
    );
    expect(joined.ledgerId).toBe(founded.ledgerId);
    const stranger = await init(workingDirectory, '--dir', 'c', '--member', 'c', '--genesis', 'a/genesis');
    expect(stranger).toMatchObject({ exitCode: 2 });
    expect(stranger.stdout).toContain('genesis-invalid');
    const wrong = await init(workingDirectory, '--dir', 'd', '--member', 'Not A Name');
    expect(wrong).toMatchObject({ exitCode: 2 });
  });
});

describe('doctor', () => {
  it('finds this machine fit, and leaves nothing behind', async () => {
    const workingDirectory = temporaryDirectory();
    const result = await runCli(['doctor', '--json'], { workingDirectory });
    const { findings } = documentOf<{ findings: { name: string; verdict: string }[] }>(result);
    expect(findings.map(({ name }) => name)).toEqual(['Node', 'directory', 'disk', 'ports', 'clock']);
    expect(result.exitCode).toBe(0);
    expect(existsSync(join(workingDirectory, '.assent'))).toBe(false);
  });
});
