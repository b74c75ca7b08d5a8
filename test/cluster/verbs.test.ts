import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlockView, ReceiptView, StatusView, TransactionReply } from '../../src/api/index.ts';
import { createSigner, encodeNodeId, generateSeed } from '../../src/crypto/index.ts';
import type { AccessRow } from '../../src/demo/index.ts';
import { documentOf } from '../support/cli.ts';
import { LocalCluster } from './support.ts';

describe('the verbs on a real node', () => {
  let cluster: LocalCluster;
  beforeAll(async () => {
    cluster = await LocalCluster.up('--nodes', '1');
  });
  afterAll(() => cluster.remove());

  it('carry a person from the first key to the log of who asked', async () => {
    const person = ['--subject', 'ada', '--domain', 'st-mary'];
    await cluster.json('identity', 'new', 'ada');
    await cluster.json('identity', 'new', 'amara', '--agent');
    await cluster.json(
      'credential',
      'issue',
      'gateway/st-mary',
      '--role',
      'gateway',
      '--domain',
      'st-mary',
      '--as',
      'st-mary',
    );
    const issued = await cluster.json<{ credential: string }>(
      'credential',
      'issue',
      'amara',
      '--role',
      'clinician',
      '--as',
      'st-mary',
    );
    const { credentials } = await cluster.json<{ credentials: { id: string; role: string }[] }>(
      'credential',
      'list',
      'amara',
    );
    expect(credentials).toMatchObject([{ id: issued.credential, role: 'clinician', organisation: 'st-mary' }]);
    await cluster.json('subject', 'link', 'ada', '--domain', 'st-mary', '--chart', '4711');
    const { subjects } = await cluster.json<{ subjects: object[] }>('subject', 'list');
    expect(subjects).toMatchObject([{ key: 'ada', domain: 'st-mary', link: { keyHolder: 'subject' } }]);

    const question = ['consent', 'check', ...person, '--agent', 'amara', '--purpose', 'TREAT'];
    const before = await cluster.run(...question, '--json');
    expect(before.exitCode).toBe(1);
    expect(documentOf(before)).toMatchObject({ decision: 'deny', advisory: true });
    const access = [
      'access',
      'record',
      ...person,
      '--agent',
      'amara',
      '--purpose',
      'TREAT',
      '--resource',
      'the allergies',
    ];
    expect(await cluster.json(...access)).toMatchObject({ decision: 'deny' });

    const granted = await cluster.json<{ consent: string }>(
      'consent',
      'grant',
      '--as',
      'ada',
      '--domain',
      'st-mary',
      '--actor',
      'member:st-mary',
      '--purpose',
      'TREAT',
      '--until',
      '30d',
    );
    expect((await cluster.run(...question)).exitCode).toBe(0);
    expect(await cluster.json(...access)).toMatchObject({ decision: 'permit' });
    const revoked = await cluster.run('consent', 'revoke', granted.consent.slice(0, 12), '--as', 'ada', '--everywhere');
    expect([revoked.exitCode, revoked.stdout]).toEqual([
      0,
      expect.stringContaining('is revoked. The only node has it.'),
    ]);
    expect(await cluster.json(...access)).toMatchObject({ decision: 'deny' });
    const { consents } = await cluster.json<{ consents: object[] }>('consent', 'list', 'ada');
    expect(consents).toMatchObject([{ id: granted.consent, version: 2, revokedAt: expect.any(Number) }]);

    const { entries } = await cluster.json<{ entries: AccessRow[] }>('access', 'log', 'ada');
    expect(entries.map(({ decision }) => decision)).toEqual(['deny', 'permit', 'deny']);
    expect(entries.every(({ what }) => what === 'the allergies')).toBe(true);

    const twice = await cluster.run('consent', 'revoke', granted.consent, '--as', 'ada');
    expect(twice.exitCode).toBe(1);
    expect(twice.stderr).toMatch(/already revoked.*\[consent-revoked, rule consent-is-in-force\]\n$/);
    await cluster.json('credential', 'revoke', issued.credential, '--as', 'st-mary');
    expect(await cluster.json('credential', 'list', 'amara')).toMatchObject({ credentials: [] });
  });

  it('suspend a role and put its holder into a group, until the member takes both back', async () => {
    const as = ['--as', 'st-mary'];
    const { credential } = await cluster.json<{ credential: string }>(
      ...['credential', 'issue', 'amara', '--role', 'clinician', ...as],
    );
    await cluster.json('credential', 'join', 'amara', 'ward-4', '--until', '30d', ...as);
    const held = () => cluster.json('credential', 'list', 'amara');
    const group = { organisation: 'st-mary', group: 'ward-4' };
    const counts = { credentials: [{ id: credential, inForce: true }], groups: [{ ...group, inForce: true }] };
    expect(await held()).toMatchObject(counts);
    await cluster.json('credential', 'suspend', credential, ...as);
    const suspended = { credentials: [{ id: credential, inForce: false }], groups: [{ ...group, inForce: false }] };
    expect(await held()).toMatchObject(suspended);
    expect((await cluster.run('credential', 'list', 'amara')).stdout).toMatch(/suspended(.|\n)*does not count/);
    await cluster.json('credential', 'resume', credential, ...as);
    expect(await held()).toMatchObject(counts);
    await cluster.json('credential', 'leave', 'amara', 'ward-4', ...as);
    await cluster.json('credential', 'revoke', credential, ...as);
    expect(await held()).toMatchObject({ credentials: [], groups: [] });
  });

  it('propose a node, vote on it and withdraw it, as members', async () => {
    const nodeId = encodeNodeId(createSigner(generateSeed()).publicKey);
    const where = ['--member', 'riverside', '--address', 'riverside.example:7400'];
    const add = ['node', 'propose', 'add', nodeId, ...where, '--as', 'st-mary'];
    const proposed = await cluster.json<{ proposal: string; state: string }>(...add);
    expect(proposed.state).toBe('open');
    const vote = (verdict: string, member: string) =>
      cluster.run('proposal', 'vote', proposed.proposal.slice(0, 12), verdict, '--as', member, '--json');
    expect(documentOf(await vote('--reject', 'riverside'))).toMatchObject({ state: 'open' });
    expect(documentOf(await vote('--reject', 'northgate'))).toMatchObject({ state: 'rejected' });
    expect(documentOf(await vote('--approve', 'northgate'))).toMatchObject({ error: { code: 'proposal-closed' } });
    expect(await cluster.json('proposal', 'show', proposed.proposal)).toMatchObject({
      action: 'node-add',
      nodeId,
      member: 'riverside',
      approvals: ['st-mary'],
      rejections: ['riverside', 'northgate'],
      state: 'rejected',
    });
    const { proposal } = await cluster.json<{ proposal: string }>(...add);
    await cluster.json('proposal', 'withdraw', proposal.slice(0, 12), '--as', 'st-mary');
    const { proposals } = await cluster.json<{ proposals: object[] }>('proposal', 'list');
    expect(proposals).toMatchObject([{ proposal, state: 'withdrawn' }, { proposal: proposed.proposal }]);

    const { nodes, waiting } = await cluster.json<{ nodes: { nodeId: string }[]; waiting: object[] }>('node', 'list');
    expect({ nodes, waiting }).toMatchObject({ nodes: [{ role: 'voter', sinceHeight: 0 }], waiting: [] });
    expect(await cluster.json('node', 'show', '1')).toMatchObject({ nodeId: nodes[0]?.nodeId, waiting: [] });
    const last = await cluster.run('node', 'propose', 'remove', '1', '--as', 'st-mary');
    expect(last).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[last-voter, rule a-voter-stays]') });
    for (const args of [
      ['node', 'list'],
      ['proposal', 'list'],
      ['proposal', 'show', proposal],
    ])
      expect((await cluster.run(...args)).stdout).toContain(args[0] === 'node' ? 'voter' : 'withdrawn');
  });

  it('break the glass, once an emergency role is held', async () => {
    const person = ['--subject', 'ada', '--domain', 'st-mary'];
    const glass = [
      'access',
      'break-glass',
      ...person,
      '--as',
      'noor-haddad',
      '--category',
      'allergies',
      '--justification',
      'unconscious',
    ];
    const refused = await cluster.run(...glass, '--role', 'emergency-physician', '--organisation', 'northgate');
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('[not-an-emergency-role, rule role-is-emergency]');
    await cluster.json('credential', 'issue', 'noor-haddad', '--role', 'emergency-physician', '--as', 'northgate');
    const event = ['--event-id', '00112233445566778899aabbccddeeff', '--until', '2h'];
    expect(await cluster.json(...glass, ...event)).toMatchObject({
      result: { ok: true, output: { duplicate: false } },
    });
    const read = [
      'access',
      'record',
      ...person,
      '--agent',
      'noor-haddad',
      '--purpose',
      'BTG',
      '--resource',
      'the allergies',
      '--in-emergency-category',
    ];
    expect(await cluster.json(...read)).toMatchObject({ decision: 'permit-break-glass' });
  });

  it('show blocks and transactions by the short forms that they print', async () => {
    const { transactions } = await cluster.json<{ transactions: { id: string; height: number }[] }>(
      'tx',
      'list',
      '--limit',
      '3',
    );
    expect(transactions).toHaveLength(3);
    const [newest] = transactions;
    const shown = await cluster.json<TransactionReply>('tx', 'show', newest?.id.slice(0, 12) ?? '');
    expect(shown).toMatchObject({ id: newest?.id, status: 'committed', transaction: { kind: 'access.record' } });
    const block = await cluster.json<BlockView>('block', 'show', String(newest?.height));
    expect(Object.keys(block).sort()).toEqual(
      'certificate configurationHash hash height historyRoot justificationHash ledgerId parentHash proposer resultsRoot stateRoot term timestamp transactionCount transactions transactionsRoot version'.split(
        ' ',
      ),
    );
    expect(block.transactions).toMatchObject([{ id: newest?.id, kind: 'access.record', result: { ok: true } }]);
    expect((await cluster.json<BlockView>('block', 'show', block.hash.slice(0, 12))).height).toBe(block.height);
    expect((await cluster.run('block', 'show', '999999')).exitCode).toBe(1);
    expect((await cluster.run('tx', 'show', 'ffffffffffff')).exitCode).toBe(1);
    const { rules } = await cluster.json<{ rules: { verdict: string }[] }>('tx', 'explain', newest?.id ?? '');
    expect(rules.every(({ verdict }) => verdict === 'permitted')).toBe(true);
  });

  it('submit what was signed elsewhere, and say what is wrong with it', async () => {
    const request = join(cluster.directory, 'request.json');
    writeFileSync(
      request,
      JSON.stringify({ kind: 'consent.grant', payload: { domain: 'st-mary', provision: { type: 'deny' } } }),
    );
    const signer = ['--as', 'ada', '--domain', 'st-mary'];
    const signed = await cluster.json<{ id: string; file: string }>(
      'tx',
      'submit',
      request,
      ...signer,
      '--out',
      join(cluster.directory, 'a.bin'),
    );
    const first = await cluster.json<{ receipt: ReceiptView }>('tx', 'submit', signed.file);
    const second = await cluster.json<{ receipt: ReceiptView }>('tx', 'submit', signed.file);
    expect(first.receipt.id).toBe(signed.id);
    expect(second).toEqual(first);
    const waited = await cluster.run('tx', 'submit', request, ...signer, '--no-wait', '--json');
    const { id } = documentOf<{ id: string }>(waited);
    expect(await cluster.json('tx', 'show', id, '--wait')).toMatchObject({ id, receipt: { result: { ok: true } } });
    writeFileSync(request, 'not a transaction');
    const garbage = await cluster.run('tx', 'submit', request);
    expect(garbage).toMatchObject({ exitCode: 2, stdout: '' });
    expect(garbage.stderr).toMatch(/\[encoding-invalid\]\n$/);
    writeFileSync(request, JSON.stringify({ kind: 'consent.grant', payload: { domain: 7 } }));
    expect((await cluster.run('tx', 'submit', request, ...signer)).stderr).toContain('[transaction-payload-invalid]');
  });

  it('put right what went wrong: a review, a dispute, a correction, a late entry, a merge and its end', async () => {
    const domain = ['--domain', 'st-mary'];
    await cluster.json('identity', 'new', 'pia', '--agent');
    await cluster.json('credential', 'issue', 'pia', '--role', 'privacy-officer', '--as', 'st-mary');
    const { entries } = await cluster.json<{ entries: AccessRow[] }>('access', 'log', 'ada');
    const glass = String(entries.find(({ kind }) => kind === 'glass-broken')?.place);
    const waiting = (...args: string[]) => cluster.json<{ reviews: object[] }>('access', 'overdue', ...args);
    expect(await waiting()).toEqual({ reviews: [] });
    expect((await waiting('--pending')).reviews).toMatchObject([{ domain: 'st-mary', entry: Number(glass) }]);
    const review = ['--outcome', 'justified', '--findings', 'no other way'];
    await cluster.json('access', 'review', 'ada', ...domain, '--entry', glass, ...review, '--as', 'pia');
    expect(await waiting('--pending')).toEqual({ reviews: [] });

    await cluster.json('access', 'dispute', 'ada', ...domain, '--entry', '0', '--reason', 'I was not there');
    const { disputes } = await cluster.json<{ disputes: object[] }>('access', 'disputes');
    expect(disputes).toMatchObject([{ domain: 'st-mary', entry: 0 }]);
    const wrong = ['--kind', 'wrong-subject', '--reason', 'another patient was meant', '--counterpart', 'ben, 0'];
    await cluster.json('access', 'correct', 'ada', ...domain, '--entry', '0', ...wrong);
    const answer = ['--outcome', 'corrected', '--answer', 'it was not about you'];
    await cluster.json('access', 'answer', 'ada', ...domain, '--entry', '0', ...answer, '--as', 'pia');
    expect(await cluster.json('access', 'disputes')).toEqual({ disputes: [] });

    await cluster.json('identity', 'new', 'ben');
    await cluster.json('subject', 'link', 'ben', ...domain, '--chart', '4712');
    const late = ['--agent', 'amara', '--role', 'clinician', '--organisation', 'st-mary', '--purpose', 'TREAT'];
    const what = ['--resource', 'the allergies', '--occurred-at', '2026-01-01', '--reason', 'another log has it'];
    const where = ['--counterpart', 'ada, 0'];
    await cluster.json('access', 'record-late', 'ben', ...domain, ...late, ...what, ...where);
    expect((await cluster.run('access', 'log', 'ben')).stdout).toContain('2026-01-01 00:00:00 UTC, recorded late');
    const shown = await cluster.run('access', 'log', 'ada');
    for (const text of ['justified', '#0 disputed', '#0 was not about this person', '#0 answered: corrected'])
      expect(shown.stdout).toContain(text);

    const pair = ['ada', 'ben', ...domain, '--reason', 'registered twice'];
    const refused = await cluster.run('subject', 'merge', ...pair);
    expect(refused.stderr).toContain('[merge-not-agreed, rule absorbed-has-agreed]');
    await cluster.json('subject', 'agree', 'ben', ...domain, '--into', 'ada');
    await cluster.json('subject', 'merge', ...pair);
    expect((await cluster.run('subject', 'show', 'ben')).stdout).toContain('into z6Mk');
    await cluster.json('subject', 'unmerge', ...pair, '--as', 'ben');
    const unlinked = ['subject', 'unlink', 'ben', ...domain, '--reason', 'moved'];
    const { subject } = await cluster.json<{ subject: string }>(...unlinked);
    expect((await cluster.run(...unlinked)).stderr).toContain('[subject-not-linked');
    const { subjects } = await cluster.json<{ subjects: { history: { type: string }[] }[] }>('subject', 'show', 'ada');
    expect(subjects[0]?.history.map(({ type }) => type)).toEqual([
      'subject-linked',
      'subjects-merged',
      'subjects-unmerged',
    ]);
    expect((await cluster.run('access', 'log', subject)).stdout).toContain('recorded late');
  });

  it('record many accesses under one signature, and say of each line what became of it', async () => {
    await cluster.json('identity', 'new', 'kira', '--agent');
    await cluster.json('credential', 'issue', 'kira', '--role', 'clinician', '--as', 'st-mary');
    // Whoever rotated signs with another key than that of the DID.
    await cluster.json('identity', 'rotate', 'kira');
    const file = join(cluster.directory, 'accesses.ndjson');
    const line = {
      agent: 'kira',
      subject: 'ada',
      purpose: 'TREAT',
      resource: 'the allergies',
      eventId: '07'.repeat(16),
    };
    const facts = { reference: 'Observation/1', type: 'Observation', confidentiality: 'N', sensitivity: [] };
    const lines = [line, { ...line, eventId: '08'.repeat(16), facts }, line, { ...line, resource: 'something else' }];
    writeFileSync(file, lines.map((one) => JSON.stringify(one)).join('\n\n'));
    const batch = ['access', 'record', '--domain', 'st-mary', '--batch', file];
    const sent = await cluster.run(...batch, '--json');
    expect(sent.exitCode).toBe(1);
    const { outcomes, result } = documentOf<{ outcomes: { entry?: number; outcome: string }[]; result: object }>(sent);
    expect(result).toMatchObject({ ok: true, output: { recorded: 2, duplicates: 1, refused: 1 } });
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['deny', 'deny', 'deny', 'event-conflict']);
    expect(outcomes).toMatchObject([{ line: 1 }, { line: 3 }, { line: 5, entry: outcomes[0]?.entry }, { line: 7 }]);
    // What it signed can be sent again as it is, and adds nothing.
    const again = outcomes.slice(0, 2).map((one) => {
      const { request, requestSignature } = one as unknown as Record<string, string>;
      return JSON.stringify({ request, requestSignature });
    });
    writeFileSync(file, again.join('\n'));
    expect((await cluster.run(...batch)).stdout).toContain('0 recorded, 2 known from before, 0 refused.');
    // The highest byte of an Ed25519 signature is often zero.
    const altered = again[1]?.replace(/(..)"}$/, (_, last: string) => `${last === '00' ? '01' : '00'}"}`);
    writeFileSync(file, `${again[0]}\n\n${altered}`);
    const forged = await cluster.run(...batch);
    expect(forged.stderr).toMatch(/line 3: Access 1 of the batch is not signed by its agent\. .*\[signature-invalid/s);
    expect((await cluster.run(...batch, '--agent', 'kira')).stderr).toContain('each line says what is asked');
    expect((await cluster.run('access', 'record', '--domain', 'st-mary')).exitCode).toBe(2);
  });

  it('show the node and the ledger', async () => {
    const status = await cluster.json<StatusView>('status');
    expect(status).toMatchObject({ ledgerId: cluster.file.ledgerId, role: 'leader', leader: status.nodeId, peers: [] });
    for (const field of [
      'nodeId',
      'member',
      'term',
      'height',
      'headHash',
      'stateRoot',
      'certifiedHeight',
      'ruleset',
      'version',
      'uptimeMs',
    ])
      expect(status).toHaveProperty(field);
    expect(Object.keys(status.configuration).sort()).toEqual(['generation', 'id', 'learners', 'voters']);
    expect(await cluster.statuses()).toMatchObject([{ nodeId: status.nodeId, role: 'leader' }]);
    expect(await cluster.json('ledger', 'info')).toMatchObject({ ledgerName: 'local' });
    const { domains } = await cluster.json<{ domains: { name: string }[] }>('domain', 'list');
    expect(domains.map(({ name }) => name)).toEqual(['northgate', 'riverside', 'st-mary']);
    expect(await cluster.json('domain', 'show', 'st-mary')).toMatchObject({ custodian: 'st-mary' });
    expect((await cluster.run('domain', 'show', 'nowhere')).exitCode).toBe(1);
    expect((await cluster.run('doctor')).exitCode).toBe(0);
    const { logs } = await cluster.json<{ logs: { node: number; lines: string[] }[] }>(
      'cluster',
      'logs',
      '--lines',
      '2',
    );
    expect(logs).toMatchObject([
      { node: 1, lines: [expect.stringContaining('"msg"'), expect.stringContaining('"msg"')] },
    ]);
  });

  it('say how to get links that can be cut where the nodes are linked directly', async () => {
    for (const args of [['partition', '1'], ['heal'], ['delay', '1', '1', '5']]) {
      const { exitCode, stdout, stderr } = await cluster.run('cluster', ...args);
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toMatch(/linked directly.* `assent cluster up --links --dir`.* \[usage\]\n$/);
    }
    expect((await cluster.run('cluster', 'up', '--links', '--detach')).stderr).toContain('use another --dir');
  });

  it('let members decide on a parameter, a role and a member, and say what was decided', async () => {
    const { did } = await cluster.json<{ did: string }>('identity', 'new', 'lakeside-governance', '--agent');
    const decide = async (...words: readonly string[]): Promise<string> => {
      const proposed = await cluster.json<{ proposal: string }>(...words, '--as', 'st-mary');
      const vote = ['proposal', 'vote', proposed.proposal, '--approve', '--as', 'riverside'];
      expect(await cluster.json(...vote)).toMatchObject({ state: 'passed' });
      return proposed.proposal;
    };
    await decide('proposal', 'propose', 'parameter', 'domains.reviewDeadlineHoursMax', '48');
    await decide('proposal', 'propose', 'role', 'researcher', '--issuers', 'northgate,riverside');
    const added = await decide('member', 'propose', 'add', 'lakeside', '--key', 'lakeside-governance');
    const settings = await cluster.json<{ parameters: object[]; roles: object[] }>('proposal', 'settings');
    expect(settings.parameters).toContainEqual(
      expect.objectContaining({ parameter: 'domains.reviewDeadlineHoursMax', value: 48, isDefault: false }),
    );
    expect(settings.roles).toContainEqual({ role: 'researcher', issuers: ['northgate', 'riverside'] });
    const refused = await cluster.run('credential', 'issue', 'amara', '--role', 'researcher', '--as', 'st-mary');
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('[role-not-allowed') });
    expect(await cluster.json('member', 'show', 'lakeside')).toMatchObject({ name: 'lakeside', governanceKey: did });
    expect(await cluster.json('member', 'list')).toMatchObject({
      threshold: 3,
      members: [{ name: 'lakeside' }, {}, {}, {}],
    });
    const { entries } = await cluster.json<{ entries: object[] }>('proposal', 'history');
    expect(entries).toContainEqual(
      expect.objectContaining({
        entry: expect.objectContaining({ type: 'vote-cast', proposal: added, state: 'passed' }),
      }),
    );
    for (const [words, seen] of [
      [['proposal', 'list'], 'add member lakeside'],
      [['proposal', 'history'], 'vote-cast'],
      [['proposal', 'settings'], 'northgate, riverside'],
      [['member', 'list'], '3 of 4 decide'],
    ] as const)
      expect((await cluster.run(...words)).stdout).toContain(seen);
    expect(await cluster.run('node', 'retire', '1', '--as', 'st-mary')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('[last-voter, rule a-voter-stays]'),
    });
  });
});
