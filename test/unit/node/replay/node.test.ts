import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { TransactionExplanation, WhatIfPage } from '../../../../src/api/index.ts';
import { fromHex, present, toHex } from '../../../../src/base/index.ts';
import { AssentClient, buildTransaction, type Identity, signAccessRequest } from '../../../../src/client/index.ts';
import { builtInContracts } from '../../../../src/contracts/index.ts';
import { encodeDid } from '../../../../src/crypto/index.ts';
import { startNode } from '../../../../src/node/index.ts';
import { type CliResult, documentOf, runCli } from '../../../support/cli.ts';
import { prepareNode } from '../../../support/node-directory.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { hex, who } from './support.ts';

const domain = 'north-clinic';

it('a node tells of its past over HTTP and by the command line, and after a restart', async () => {
  const directory = temporaryDirectory();
  const { config, genesis, member } = prepareNode(directory);
  let node = await startNode(config);
  onTestFinished(() => node.stop());
  const ledgerId = present(fromHex(node.ledgerId), 'an id');
  const north: Identity = { did: encodeDid(member.publicKey), publicKey: member.publicKey, signer: member };
  const client = (): AssentClient => new AssentClient({ nodes: [node.apiUrl] });
  const [gateway, kay, ana] = [who('gateway'), who('kay'), who('ana')];

  async function submit(sender: Identity, kind: string, payload: object): Promise<{ id: string; height: number }> {
    const wire = builtInContracts.payloadFromJson(kind, payload);
    const validUntil = Date.now() + 60_000;
    const transaction = buildTransaction({ ledgerId, kind, payload: wire, validUntil, signer: sender.signer });
    const outcome = await client().submit(transaction, { timeoutMs: 60_000 });
    if (outcome.status !== 'committed') throw new Error(JSON.stringify(outcome));
    expect(outcome.receipt.result).toMatchObject({ ok: true });
    return { id: outcome.receipt.id, height: outcome.receipt.height };
  }

  let events = 0;
  function access(): Promise<{ id: string; height: number }> {
    events += 1;
    const signed = signAccessRequest(ledgerId, kay, {
      eventId: hex(`event ${events}`, 16),
      role: 'clinician',
      organisation: 'north',
      subject: ana.did,
      domain,
      resource: hex(`resource ${events}`),
      purpose: 'TREAT',
      action: 'access',
      validUntil: Date.now() + 60_000,
    });
    return submit(gateway, 'access.record', { ...signed, results: [], inEmergencyCategory: false });
  }

  const cli = (...args: string[]): Promise<CliResult> =>
    runCli(['--node', node.apiUrl, ...args], { workingDirectory: directory });

  await submit(north, 'credential.issue', { agent: gateway.did, role: 'gateway' });
  await submit(north, 'credential.issue', { agent: kay.did, role: 'clinician' });
  await submit(gateway, 'enrolment.link', { domain, subject: ana.did, chart: hex('chart'), keyHolder: 'subject' });
  const before = await access();
  const grant = await submit(ana, 'consent.grant', { domain, provision: { type: 'permit', purposes: ['TREAT'] } });
  const after = await access();
  await submit(ana, 'consent.revoke', { consent: grant.id });

  const explained = await cli('--json', 'tx', 'explain', after.id);
  expect(explained.exitCode).toBe(0);
  expect(documentOf<TransactionExplanation>(explained)).toMatchObject({
    id: after.id,
    height: after.height,
    agrees: true,
    decisions: [{ decision: 'permit', consents: [{ consent: grant.id, determining: true }] }],
  });
  const text = (await cli('tx', 'explain', after.id)).stdout;
  expect(text).toContain('recomputed   the same');
  expect(text).toMatch(
    /permit \(permit\): a consent permits it\n {2}consent [0-9a-f]{12} version 1: permit, which decides/,
  );
  const redacted = (await cli('tx', 'explain', after.id, '--view', 'requester')).stdout;
  expect(redacted).not.toContain(grant.id.slice(0, 12));

  const question = ['--subject', ana.did, '--domain', domain, '--agent', kay.did, '--purpose', 'TREAT'];
  const check = (...args: string[]): Promise<CliResult> => cli('consent', 'check', ...question, ...args);
  expect(await check()).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('deny') });
  expect(await check('--at', String(after.height))).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^permit/),
  });
  expect(await check('--at', String(before.height))).toMatchObject({ exitCode: 1 });
  expect(await check('--at', '1000000')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('block-unknown'),
  });

  const file = join(directory, 'candidate.json');
  const known = await client().domain(domain);
  writeFileSync(file, JSON.stringify({ ...known, policy: { ...(known.policy as object), implicit: 'permit' } }));
  await node.stop();
  node = await startNode(config);
  await client().waitForReady({ timeoutMs: 60_000 });
  const tried = await cli('--json', 'policy', 'what-if', file, '--domain', domain, '--from', '1d');
  expect(tried).toMatchObject({ exitCode: 0 });
  expect(documentOf<WhatIfPage>(tried)).toMatchObject({
    domain,
    decisions: 2,
    mismatches: [],
    differences: [{ id: before.id, recorded: { decision: 'deny' }, candidate: { decision: 'permit' } }],
  });
  expect((await cli('policy', 'what-if', file, '--domain', domain)).stdout).toMatch(
    /^2 decisions of north-clinic in the blocks 1 to \d+; 1 would have been another\./,
  );
  const stranger = await cli('policy', 'what-if', file, '--domain', 'nowhere');
  expect(stranger).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('not-found') });
  expect(toHex(genesis.ledgerId)).toBe(node.ledgerId);
}, 120_000);
