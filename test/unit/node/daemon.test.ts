import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type BlockPage,
  type ErrorReply,
  type GenesisView,
  type SubmitReply,
  type TransactionReply,
  transactionMediaType,
  transactionsMediaType,
} from '../../../src/api/index.ts';
import { blockView } from '../../../src/api/schemas/blocks.ts';
import { governanceView, nodeList, proposalList, proposalView } from '../../../src/api/schemas/governance.ts';
import { statusView } from '../../../src/api/schemas/status.ts';
import { streamPage } from '../../../src/api/schemas/subjects.ts';
import { present, toHex } from '../../../src/base/index.ts';
import { builtInContracts } from '../../../src/contracts/index.ts';
import { createSigner, encodeDid, encodeNodeId, generateSeed } from '../../../src/crypto/index.ts';
import { encodeCanonical, UnverifiedTransaction } from '../../../src/ledger/index.ts';
import { type NodeConfig, type RunningNode, startNode } from '../../../src/node/index.ts';
import { prepareNode } from '../../support/node-directory.ts';
import { signedCredential as credential } from '../../support/signed-credential.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

async function start(config: NodeConfig): Promise<RunningNode> {
  const node = await startNode(config);
  onTestFinished(() => node.stop());
  return node;
}

async function ready(node: RunningNode): Promise<void> {
  while (!(await fetch(`${node.apiUrl}/readyz`)).ok);
}

function post(
  node: RunningNode,
  body: Uint8Array<ArrayBuffer>,
  mediaType = transactionMediaType,
  query = '',
): Promise<Response> {
  return fetch(`${node.apiUrl}/v1/transactions${query}`, {
    method: 'POST',
    body,
    headers: { 'content-type': mediaType },
  });
}

async function outcomes(response: Response): Promise<SubmitReply['outcomes']> {
  expect(response.status).toBeLessThan(300);
  return ((await response.json()) as SubmitReply).outcomes;
}

describe('a node of its own', () => {
  it('commits, answers the same receipt for ever, and has all of it after a restart', async () => {
    const directory = temporaryDirectory();
    const prepared = prepareNode(directory);
    const bytes = credential(prepared);
    const first = await start(prepared.config);
    await ready(first);
    const [outcome] = await outcomes(await post(first, bytes));
    expect(outcome).toMatchObject({ status: 'committed', receipt: { index: 0, result: { ok: true } } });
    expect(await outcomes(await post(first, bytes))).toEqual([outcome]);
    await first.stop();
    expect(await first.stopped).toBeUndefined();

    const second = await start(prepared.config);
    expect(await outcomes(await post(second, bytes))).toEqual([outcome]);
    const read = await fetch(`${second.apiUrl}/v1/transactions/${outcome?.id}`);
    expect(await read.json()).toMatchObject({
      receipt: outcome?.receipt,
      transaction: {
        kind: 'credential.issue',
        sender: encodeDid(prepared.member.publicKey),
        payload: { role: 'clinician' },
      },
    });
  });

  it('gives every wrong input its own code and stays up', async () => {
    const prepared = prepareNode(temporaryDirectory());
    const node = await start(prepared.config);
    await ready(node);
    const flipped = credential(prepared);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const cut = credential(prepared).slice(0, -1);
    const cases: [string, number, Uint8Array<ArrayBuffer>][] = [
      ['signature-invalid', 401, flipped],
      ['signature-invalid', 401, credential(prepared, { ledgerId: generateSeed() })],
      ['window-expired', 400, credential(prepared, { validUntil: Date.now() - 1 })],
      ['window-too-far', 400, credential(prepared, { validUntil: Date.now() + 11 * 60_000 })],
      ['transaction-too-large', 413, new Uint8Array(192 * 1024 + 1)],
      ['encoding-invalid', 400, cut],
      ['encoding-invalid', 400, new Uint8Array(0)],
      ['encoding-invalid', 400, Uint8Array.of(0xc1)],
      ['transaction-malformed', 400, Uint8Array.from(encodeCanonical([1, 2]))],
      ['transaction-kind-unknown', 400, credential(prepared, { kind: 'credential.invent' })],
      ['transaction-payload-invalid', 400, credential(prepared, { payload: [1, 'nonsense'] })],
    ];
    for (const [code, status, body] of cases) {
      const response = await post(node, body);
      expect(((await response.json()) as ErrorReply).error.code).toBe(code);
      expect(response.status).toBe(status);
    }
    expect(await outcomes(await post(node, credential(prepared)))).toMatchObject([{ status: 'committed' }]);
  });

  it('answers a batch one by one, refusals by a rule among them', async () => {
    const prepared = prepareNode(temporaryDirectory());
    const node = await start(prepared.config);
    await ready(node);
    const stranger = createSigner(generateSeed());
    const flipped = credential(prepared);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    const good = Array.from({ length: 300 }, () => credential(prepared));
    const batch = [...good, flipped, credential(prepared, { signer: stranger }), ...good.slice(0, 1)];
    const results = await outcomes(await post(node, Uint8Array.from(encodeCanonical(batch)), transactionsMediaType));
    expect(results).toHaveLength(303);
    expect(results.slice(0, 300).every(({ status, receipt }) => status === 'committed' && receipt?.result.ok)).toBe(
      true,
    );
    expect(results[300]).toMatchObject({ status: 'refused', error: { code: 'signature-invalid' } });
    expect(results[301]).toMatchObject({
      status: 'committed',
      receipt: { result: { ok: false, code: 'not-a-member', rule: 'sender-is-member' } },
    });
    expect(results[302]).toEqual(results[0]);
    const places = results.slice(0, 300).map(({ receipt }) => `${receipt?.height}/${receipt?.index}`);
    expect(new Set(places).size).toBe(300);
  });

  it('refuses a batch that is none', async () => {
    const prepared = prepareNode(temporaryDirectory());
    const node = await start(prepared.config);
    const long = Array.from({ length: 1001 }, () => new Uint8Array(1));
    for (const [body, code] of [
      [encodeCanonical([]), 'encoding-invalid'],
      [encodeCanonical([1]), 'encoding-invalid'],
      [encodeCanonical(long), 'encoding-too-large'],
    ] as const) {
      const response = await post(node, Uint8Array.from(body), transactionsMediaType);
      expect(((await response.json()) as ErrorReply).error.code).toBe(code);
    }
  });

  it('shows the nodes of the ledger and what members propose', async () => {
    const prepared = prepareNode(temporaryDirectory());
    const node = await start(prepared.config);
    await ready(node);
    const read = async (target: string): Promise<unknown> => (await fetch(node.apiUrl + target)).json();
    const nodes = await read('/v1/nodes');
    expect(nodes).toEqual({
      generation: 0,
      nodes: [{ nodeId: node.nodeId, member: 'north', role: 'voter', sinceHeight: 0 }],
      waiting: [],
    });
    expect(nodeList.safeParse(nodes).error).toBeUndefined();
    expect(await read('/v1/proposals')).toEqual({ proposals: [] });
    const nodeId = encodeNodeId(createSigner(generateSeed()).publicKey);
    const asked = { action: 'node-add', member: 'north', address: 'node-2.north.example:7400' };
    const payload = builtInContracts.payloadFromJson('governance.propose', { ...asked, nodeKey: nodeId });
    const [outcome] = await outcomes(await post(node, credential(prepared, { kind: 'governance.propose', payload })));
    const id = present(outcome?.receipt?.id, 'committed');
    const proposals = await read('/v1/proposals');
    const expected = { ...asked, proposal: id, nodeId, proposer: 'north', approvals: ['north'], state: 'passed' };
    expect(proposals).toMatchObject({ proposals: [expected] });
    expect(proposalList.safeParse(proposals).error).toBeUndefined();
    const proposal = await read(`/v1/proposals/${id}`);
    expect(proposal).toMatchObject(expected);
    expect(proposalView.safeParse(proposal).error).toBeUndefined();
    expect(await read(`/v1/proposals/${'0'.repeat(64)}`)).toMatchObject({ error: { code: 'not-found' } });
    expect(await read('/v1/proposals/0')).toMatchObject({ error: { code: 'request-invalid' } });

    const member = { name: 'north', governanceKey: expect.stringMatching(/^did:assent:z6Mk/), sinceHeight: 0 };
    expect(await read('/v1/members')).toEqual({ threshold: 1, members: [member] });
    expect(await read('/v1/members/north')).toEqual(member);
    expect(await read('/v1/members/nobody')).toMatchObject({ error: { code: 'not-found' } });
    const settings = governanceView.parse(await read('/v1/governance'));
    expect(settings).toMatchObject({ threshold: 1, ruleSets: [{ ruleSet: 'assent-rules/1', height: 0 }] });
    expect(settings.parameters[0]).toMatchObject({ parameter: 'governance.threshold', value: 1, isDefault: true });
    expect(settings.roles).toContainEqual({ role: 'researcher' });
    const { entries } = streamPage.parse(await read('/v1/governance/history'));
    expect(entries).toMatchObject([{ entry: { type: 'proposal-made', proposal: id, ...asked, state: 'passed' } }]);
  });

  it('stops before the block whose rules it does not have, with all that came before', async () => {
    const prepared = prepareNode(temporaryDirectory());
    const node = await start(prepared.config);
    await ready(node);
    const { height } = statusView.parse(await (await fetch(`${node.apiUrl}/v1/status`)).json());
    const asked = { action: 'rules-activate', ruleSet: 'assent-rules/2', height: height + 3 };
    const payload = builtInContracts.payloadFromJson('governance.propose', asked);
    const proposed = await outcomes(await post(node, credential(prepared, { kind: 'governance.propose', payload })));
    expect(proposed).toMatchObject([{ status: 'committed', receipt: { height: height + 1, result: { ok: true } } }]);
    const bytes = credential(prepared);
    expect(await outcomes(await post(node, bytes))).toMatchObject([{ receipt: { height: height + 2 } }]);
    const stopped = { code: 'rule-set-missing', message: expect.stringContaining('assent-rules/2') };
    expect(await node.stopped).toMatchObject(stopped);
    await expect(start(prepared.config)).rejects.toMatchObject(stopped);
  });

  it('shows what it committed', async () => {
    const prepared = prepareNode(temporaryDirectory());
    const node = await start(prepared.config);
    await ready(node);
    const [outcome] = await outcomes(await post(node, credential(prepared)));
    const receipt = present(outcome?.receipt, 'committed');
    const read = async (target: string): Promise<unknown> => (await fetch(node.apiUrl + target)).json();

    const block = await read(`/v1/blocks/${receipt.height}`);
    expect(block).toMatchObject({
      hash: receipt.blockHash,
      ledgerId: toHex(prepared.genesis.ledgerId),
      proposer: node.nodeId,
      timestamp: receipt.timestamp,
      transactions: [{ id: receipt.id, kind: 'credential.issue', result: { ok: true } }],
      certificate: { signatures: [{ signer: node.nodeId }] },
    });
    expect(blockView.safeParse(block).error).toBeUndefined();
    expect(await read(`/v1/blocks/${receipt.blockHash}`)).toEqual(block);
    expect(await read('/v1/blocks/head')).toMatchObject({ height: receipt.height });
    const list = (await read(`/v1/blocks?limit=${receipt.height}`)) as BlockPage;
    expect(list.blocks.map(({ height }) => height)).toEqual(
      Array.from({ length: receipt.height }, (_, index) => index + 1),
    );
    expect(list.blocks.at(-1)?.parentHash).toBe(list.blocks.at(-2)?.hash ?? toHex(prepared.genesis.ledgerId));

    const credentialId = (receipt.result.output as { credential: string }).credential;
    const { transaction } = (await read(`/v1/transactions/${receipt.id}`)) as TransactionReply;
    const { agent } = transaction.payload as { agent: string };
    const found = {
      height: receipt.height,
      id: receipt.id,
      sender: transaction.sender,
      names: { agents: [transaction.sender, agent] },
    };
    const page = await read(`/v1/transactions?agent=${agent}&kind=credential&order=newest-first`);
    expect(page).toMatchObject({ rows: [found], isWhole: true, indexed: { from: 1, through: receipt.height } });
    expect(await read(`/v1/transactions?agent=${agent}&kind=consent`)).toMatchObject({ rows: [], isWhole: true });
    expect(await read('/v1/transactions?cursor=0')).toMatchObject({ error: { code: 'request-invalid' } });
    expect(await read(`/v1/agents/${agent}/credentials`)).toMatchObject({ agent, credentials: [{ id: credentialId }] });
    expect(await read('/v1/domains')).toMatchObject({ domains: [{ name: 'north-clinic', custodian: 'north' }] });
    expect(await read('/v1/domains/north-clinic')).toMatchObject({ policy: { timeZone: 'Europe/Zurich' } });
    expect(await read(`/v1/domains/north-clinic/subjects/${agent}`)).toMatchObject({ error: { code: 'not-found' } });
    expect(await read(`/v1/subjects/${agent}/access`)).toEqual({ entries: [] });
    expect(statusView.safeParse(await read('/v1/status')).error).toBeUndefined();
    expect(await read('/v1/status')).toMatchObject({
      role: 'leader',
      leader: node.nodeId,
      member: 'north',
      height: receipt.height,
    });
    const founded = (await read('/v1/genesis')) as GenesisView;
    expect(founded.ledgerId).toBe(createHash('sha256').update(founded.genesis, 'hex').digest('hex'));
    expect(founded).toMatchObject({ ledgerId: node.ledgerId });
    expect(await read('/v1/evidence')).toEqual({ evidence: [], notStored: 0 });
    expect(await read(`/v1/evidence/${'0'.repeat(64)}`)).toMatchObject({ error: { code: 'not-found' } });
    expect(await read('/v1/blocks/99999')).toMatchObject({ error: { code: 'block-unknown' } });
    expect(await read(`/v1/transactions/${'0'.repeat(64)}`)).toMatchObject({ error: { code: 'transaction-unknown' } });
    const { components } = (await read('/openapi.json')) as {
      components: { schemas: Record<string, { required: string[] }> };
    };
    expect(components.schemas['payload.credential.issue']?.required).toContain('agent');
    expect(components.schemas['DecisionRequest']?.required).toContain('purpose');
    const metrics = await (await fetch(`${node.apiUrl}/metrics`)).text();
    expect(metrics).toMatch(/^assent_transactions_committed_total 1$/m);
    expect(metrics).toMatch(/^assent_strangers_refused 0$/m);
    expect(metrics).toMatch(/^assent_role\{role="leader"\} 1$/m);
    expect(metrics).toMatch(/^assent_evidence_records\{kind="two-acks"\} 0$/m);
    expect(metrics).toMatch(/^assent_commit_seconds_count [1-9]/m);
    expect(metrics).not.toContain('did:assent');
    expect(readFileSync(join(prepared.config.directory, '../node.log'), 'utf8')).not.toContain('did:assent');
  });

  it('lets a reader wait for a transaction that comes later', async () => {
    const prepared = prepareNode(temporaryDirectory());
    const node = await start(prepared.config);
    await ready(node);
    const bytes = credential(prepared);
    const { idHex } = new UnverifiedTransaction(bytes);
    const waiting = fetch(`${node.apiUrl}/v1/transactions/${idHex}?wait=committed&timeoutMs=20000`);
    expect(await (await post(node, bytes, transactionMediaType, '?wait=none')).json()).toEqual({
      outcomes: [{ id: idHex, status: 'accepted' }],
    });
    expect(await (await waiting).json()).toMatchObject({ id: idHex, status: 'committed' });
    const never = await fetch(`${node.apiUrl}/v1/transactions/${'0'.repeat(64)}?wait=committed&timeoutMs=1`);
    expect(never.status).toBe(404);
  });
});

describe('a node without a majority', () => {
  it('says so, takes nothing for certain, and stops', async () => {
    const prepared = prepareNode(temporaryDirectory(), {}, 1);
    const node = await start(prepared.config);
    const readiness = await fetch(`${node.apiUrl}/readyz`);
    expect(readiness.status).toBe(503);
    expect(((await readiness.json()) as ErrorReply).error.code).toBe('no-quorum');
    expect((await fetch(`${node.apiUrl}/healthz`)).status).toBe(200);
    const late = await post(node, credential(prepared), transactionMediaType, '?timeoutMs=100');
    expect(late.status).toBe(503);
    expect(((await late.json()) as ErrorReply).error.code).toBe('no-quorum');
  });

  it('decides nothing that was asked for as linearizable or in force, and looks at what was asked of it alone', async () => {
    const prepared = prepareNode(temporaryDirectory(), {}, 1);
    const node = await start(prepared.config);
    const did = encodeDid(prepared.member.publicKey);
    const question = {
      ...{ agent: did, role: 'clinician', organisation: 'st-mary', subject: did, domain: 'nowhere' },
      ...{ purpose: 'TREAT', action: 'access' },
    };
    const ask = async (body: object, consistency: string): Promise<readonly [string, string | null]> => {
      const reply = await fetch(`${node.apiUrl}/v1/decisions?consistency=${consistency}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return [((await reply.json()) as ErrorReply).error.code, reply.headers.get('assent-consistency')];
    };
    const all = [question, { questions: [question] }, { ...question, at: { height: 1 } }];
    // It holds no lease either.
    for (const consistency of ['linearizable', 'in-force'])
      for (const body of all) expect(await ask(body, consistency)).toEqual(['no-quorum', null]);
    // The question is looked at, and its domain is not there.
    for (const body of all.slice(0, 2)) expect(await ask(body, 'local')).toEqual(['not-found', 'local']);
    expect(await ask(all[2] ?? {}, 'local')).toEqual(['block-unknown', 'local']);
  });
});
