import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documentOf, runCli } from '../../support/cli.ts';

const nowhere = mkdtempSync(join(tmpdir(), 'assent-cli-'));
const cli = (...args: string[]) => runCli(args, { workingDirectory: nowhere });

describe('the command line', () => {
  it.each([
    [['clster'], /Unknown command 'clster'; did you mean cluster\?/],
    [['cluster', 'upp'], /Unknown command 'upp'; did you mean up\?/],
    [['status', '--jsn'], /Unknown option '--jsn'; did you mean --json\?/],
    [['block', 'show'], /Missing required argument 'reference'/],
    [['cluster', 'up', '--nodes', 'three'], /Expected a whole number from 1 to 99/],
    [['credential', 'issue', 'x', '--role', 'king'], /Allowed choices are clinician/],
    [['consent', 'grant', '--domain', 'd', '--until', 'soon'], /Expected a time like/],
    [['node', 'propose', 'add', 'node-4', '--member', 'm', '--as', 'm'], /is no node id/],
    [['proposal', 'vote', 'abcdef', '--as', 'm'], /Say --approve or --reject/],
    [['proposal', 'vote', 'abcdef', '--approve', '--reject'], /cannot be used with/],
    [['record', 'verify', 'bundle.json'], /names no entry/],
    [['status', '--node', 'ftp://example.org'], /no URL of a node/],
  ])('%j is a usage error: one line, exit code 2', async (args, sentence) => {
    const { exitCode, stdout, stderr } = await cli(...args);
    expect(stdout).toBe('');
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/^assent: [^\n]+ \[usage\]\n$/);
    expect(exitCode).toBe(2);
  });

  it('alone, and with help, shows nouns and exit codes', async () => {
    for (const args of [[], ['help'], ['--help']]) {
      const { exitCode, stdout, stderr } = await cli(...args);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toContain('Usage: assent');
      expect(stdout).toContain('4 a verification failed');
    }
  });

  it('with a noun alone shows its help and ends with 2', async () => {
    const { exitCode, stdout, stderr } = await cli('consent');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('grant');
  });

  it.each([
    'status',
    'demo',
    'cluster',
    'init',
    'join',
    'start',
    'doctor',
    'completion',
    'block',
    'tx',
    'ledger',
    'identity',
    'credential',
    'consent',
    'access',
    'record',
    'domain',
    'policy',
    'subject',
    'node',
    'proposal',
    'evidence',
  ])('%s --help has examples', async (noun) => {
    const { exitCode, stdout } = await cli(noun, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}\$ (assent|echo)/);
    expect(stdout).toContain('--json');
  });

  it('knows no verb that does not exist', async () => {
    for (const args of [
      ['ledger', 'undo'],
      ['receipt', 'undo'],
    ]) {
      const { exitCode, stderr } = await cli(...args);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('Unknown command');
    }
  });
});

describe('a failure', () => {
  it('without a node: exit code 3, where a node was looked for, and what to do', async () => {
    const { exitCode, stderr } = await cli('status');
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      /no local cluster in .*\.assent; start one with `assent cluster up`.* \[node-unreachable\]\n$/,
    );
  });

  it('of a node that does not answer: exit code 3', async () => {
    const { exitCode, stderr } = await cli('status', '--node', 'http://127.0.0.1:9');
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/^assent: The node at http:\/\/127\.0\.0\.1:9 did not answer: .* \[node-unreachable\]\n$/);
  });

  it('with --json is one document on standard output and nothing else', async () => {
    const result = await cli('status', '--json');
    expect(result).toMatchObject({ exitCode: 3, stderr: '' });
    const { error } = documentOf<{ error: { code: string; message: string; action: string } }>(result);
    expect(error.code).toBe('node-unreachable');
    expect(error.message).not.toBe('');
    expect(error.action).not.toBe('');
  });

  it('shows its stack only with --debug', async () => {
    expect((await cli('status')).stderr).not.toContain(' at ');
    expect((await cli('status', '--debug')).stderr).toContain(' at ');
  });

  it('names the cluster that is not there', async () => {
    for (const verb of ['status', 'down', 'logs']) {
      const { exitCode, stderr } = await cli('cluster', verb);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('[not-found]');
    }
    expect((await cli('cluster', 'kill', 'leader')).stderr).toContain('[not-found]');
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('for %s knows nouns, verbs and options', async (shell) => {
    const { exitCode, stdout } = await cli('completion', shell);
    expect(exitCode).toBe(0);
    for (const word of ['break-glass', 'timeline', 'detach']) expect(stdout).toContain(word);
  });

  it('for another shell says which there are', async () => {
    expect((await cli('completion', 'tcsh')).stderr).toContain('bash, zsh, fish');
  });
});
