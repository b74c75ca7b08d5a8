import { beforeAll, describe, expect, it } from 'vitest';
import { type SubmitReply, transactionMediaType } from '../../src/api/index.ts';
import { present, toHex } from '../../src/base/index.ts';
import { signAs, submitAs } from '../../src/cli/ledger/submit.ts';
import { type Identity, identityOf, type SignedTransaction, signAccessRequest } from '../../src/client/index.ts';
import { createSigner, generateSeed, randomBytes } from '../../src/crypto/index.ts';
import { type Home, identityNamed } from '../../src/demo/index.ts';
import { clusterOfThree } from './cluster-of-three.ts';

const numbers = [1, 2, 3];
const domain = 'st-mary';

describe('decisions over HTTP on three real nodes', () => {
  const { cluster, home } = clusterOfThree();
  let gateway: Identity;
  let clinician: Identity;
  beforeAll(async () => {
    const named = (role: string): Identity => identityNamed(home, present(keyIn(home, role), `a ${role}`));
    gateway = named('gateway');
    clinician = named('clinician');
    const governance = named('governance');
    await submitAs(home, governance, 'credential.issue', { agent: gateway.did, role: 'gateway', domain });
    await submitAs(home, governance, 'credential.issue', { agent: clinician.did, role: 'clinician' });
  });

  async function newSubject(): Promise<Identity> {
    const subject = identityOf(generateSeed(), createSigner);
    const chart = toHex(randomBytes(32));
    await submitAs(home, gateway, 'enrolment.link', { domain, subject: subject.did, chart, keyHolder: 'subject' });
    return subject;
  }

  async function permit(subject: Identity): Promise<string> {
    const provision = { type: 'permit', actors: [`member:${domain}`], purposes: ['TREAT'] };
    return (await submitAs(home, subject, 'consent.grant', { domain, provision })).id;
  }

  const ask = (subject: Identity) => ({
    agent: clinician.did,
    role: 'clinician',
    organisation: domain,
    subject: subject.did,
    domain,
    purpose: 'TREAT',
    action: 'access',
  });

  function record(subject: Identity, eventId = toHex(randomBytes(16)), resource = toHex(randomBytes(32))) {
    const request = signAccessRequest(home.ledgerId, clinician, {
      eventId,
      role: 'clinician',
      organisation: domain,
      subject: subject.did,
      domain,
      resource,
      purpose: 'TREAT',
      action: 'access',
      validUntil: Date.now() + 300_000,
    });
    const payload = { ...request, results: [], inEmergencyCategory: false };
    return (): SignedTransaction => signAs(home, gateway, 'access.record', payload);
  }

  it.each([
    ['it was told to be in force', 'in-force', 'in-force'],
    ['its commit was told, where the decision is linearizable', 'committed', 'linearizable'],
  ] as const)('a revocation holds in the first decision after %s, on every node', async (_when, wait, consistency) => {
    const subject = await newSubject();
    const everywhere = () =>
      Promise.all(numbers.map((number) => cluster.client(number).decide(ask(subject), { consistency })));
    for (let round = 0; round < 12; round++) {
      const consent = await permit(subject);
      expect((await everywhere()).map(({ decision }) => decision)).toEqual(['permit', 'permit', 'permit']);
      const at = present(numbers[round % 3], 'a node');
      const revocation = signAs(home, subject, 'consent.revoke', { consent });
      const outcome = await cluster.client(at).submit(revocation, { wait, timeoutMs: 30_000 });
      expect(outcome).toMatchObject({
        status: 'committed',
        ...(wait === 'in-force' && { inForce: { inForce: true } }),
      });
      // The node that told it needs no other one for that.
      const local = cluster.client(at).decide(ask(subject), { consistency: 'local' });
      expect((await everywhere()).map(({ decision }) => decision)).toEqual(['deny', 'deny', 'deny']);
      expect((await local).decision).toBe('deny');
    }
    const metrics = await (await fetch(`${cluster.urls[0]}/metrics`)).text();
    const answered = (state: string): number =>
      Number(new RegExp(`^assent_advisory_decisions_total\\{state="${state}"\\} (\\d+)$`, 'm').exec(metrics)?.[1]);
    // Each grant brings a consent that nobody was asked about before.
    expect(answered('asked')).toBeGreaterThanOrEqual(12);
    expect(answered('known')).toBeGreaterThanOrEqual(12);
  });

  it('once every node says that it has the revocation, each decides by it without asking another', async () => {
    const subject = await newSubject();
    const locally = (number: number) => cluster.client(number).decide(ask(subject), { consistency: 'local' });
    for (let round = 0; round < 12; round++) {
      const granted = await submitAs(home, subject, 'consent.grant', {
        domain,
        provision: { type: 'permit', actors: [`member:${domain}`], purposes: ['TREAT'] },
      });
      const reached = await cluster.client(3).reach(granted.height);
      expect(reached).toMatchObject({ height: granted.height, everywhere: true });
      expect(reached.nodes.map(({ member }) => member)).toHaveLength(3);
      expect(new Set(reached.nodes.map(({ nodeId }) => nodeId)).size).toBe(3);
      // From now on the HTTP threads know the person.
      const before = await Promise.all(numbers.map(locally));
      expect(before.map(({ decision }) => decision)).toEqual(['permit', 'permit', 'permit']);
      const at = present(numbers[round % 3], 'a node');
      const revocation = signAs(home, subject, 'consent.revoke', { consent: granted.id });
      const reply = await fetch(`${cluster.urls[at - 1]}/v1/transactions?wait=everywhere`, {
        method: 'POST',
        headers: { 'content-type': transactionMediaType },
        body: revocation.bytes as Uint8Array<ArrayBuffer>,
      });
      const { outcomes, reach } = (await reply.json()) as SubmitReply;
      expect(outcomes).toMatchObject([{ status: 'committed' }]);
      expect(reach).toMatchObject({ height: outcomes[0]?.receipt?.height, everywhere: true });
      const after = await Promise.all(numbers.map(locally));
      expect(after.map(({ decision }) => decision)).toEqual(['deny', 'deny', 'deny']);
    }
  });

  it('a node that stands still has lost its lease when a revocation is in force without it', async () => {
    const subject = await newSubject();
    const consent = await permit(subject);
    const leader = await cluster.leader();
    const [still, other] = numbers.filter((number) => number !== leader) as [number, number];
    const decide = () => cluster.client(still).decide(ask(subject));
    // From now on its HTTP thread knows the person.
    expect((await decide()).decision).toBe('permit');
    await cluster.json('cluster', 'pause', String(still));
    const revocation = signAs(home, subject, 'consent.revoke', { consent });
    const outcome = await cluster.client(other).submit(revocation);
    expect(outcome).toMatchObject({
      status: 'committed',
      inForce: { inForce: true, others: [{ standing: 'barred' }] },
    });
    // Asked while it stands still, so that it is the first thing that it does.
    const decided = decide();
    await cluster.json('cluster', 'resume', String(still));
    expect((await decided).decision).toBe('deny');
  });

  it('several questions have one answer each, from one state, as one by one', async () => {
    const [one, two] = [await newSubject(), await newSubject()];
    await permit(one);
    const client = cluster.client(2);
    const questions = [ask(one), ask(two), { ...ask(one), purpose: 'HRESCH' }];
    const together = await client.decideAll(questions);
    expect(together.map(({ decision }) => decision)).toEqual(['permit', 'deny', 'deny']);
    expect(new Set(together.map(({ height }) => height)).size).toBe(1);
    for (const [place, question] of questions.entries())
      expect((await client.decide(question)).decision).toBe(together[place]?.decision);
    const past = { ...ask(one), at: { height: 1 } };
    await expect(client.decideAll([past])).rejects.toMatchObject({ code: 'request-invalid' });
    await expect(client.decideAll([])).rejects.toMatchObject({ code: 'request-invalid' });
  });

  it('with commit each is answered when its entry is certified, and is in the log then, on every node', async () => {
    const subject = await newSubject();
    const eventId = toHex(randomBytes(16));
    const resource = toHex(randomBytes(32));
    const denied = record(subject, eventId, resource);
    const [first, again] = await cluster.client(1).decideAndCommit([denied(), denied()]);
    expect(first).toMatchObject({ status: 'committed', decision: 'deny', entry: 0, duplicate: false });
    expect(again).toMatchObject({ status: 'committed', decision: 'deny', entry: 0, duplicate: true });
    await permit(subject);
    const [permitted, conflict] = await cluster
      .client(3)
      .decideAndCommit([record(subject)(), record(subject, eventId)()]);
    expect(permitted).toMatchObject({ decision: 'permit', entry: 1 });
    expect(conflict).toMatchObject({ status: 'committed', receipt: { result: { ok: false, code: 'event-conflict' } } });
    expect(conflict).not.toHaveProperty('decision');
    for (const number of numbers) {
      const decisions = [];
      for await (const { entry } of cluster.client(number).entries('access', subject.did))
        decisions.push(entry['decision']);
      expect(decisions).toEqual(['deny', 'permit']);
    }
  });

  it('nothing else than requests for access is recorded so', async () => {
    const subject = await newSubject();
    const provision = { type: 'permit' };
    const grant = signAs(home, subject, 'consent.grant', { domain, provision });
    await expect(cluster.client(1).decideAndCommit([grant])).rejects.toMatchObject({ code: 'request-invalid' });
    expect((await cluster.client(1).decide(ask(subject))).decision).toBe('deny');
  });
});

function keyIn(home: Home, role: string): string | undefined {
  return home.keystore.list().find(({ attributes }) => attributes['role'] === role && attributes['member'] === domain)
    ?.name;
}
