import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { ApiServer } from '../../../src/api/server/index.ts';
import { silentLogger } from '../../../src/base/index.ts';
import { domainPolicyToJson, readDomainPolicy } from '../../../src/contracts/index.ts';
import { documentOf, runCli } from '../../support/cli.ts';
import { nodeWith } from '../../support/service.ts';

const directory = mkdtempSync(join(tmpdir(), 'assent-lint-'));
const cli = (...args: string[]) => runCli(args, { workingDirectory: directory });

afterAll(() => rmSync(directory, { recursive: true }));

function file(name: string, json: unknown): string {
  writeFileSync(join(directory, name), JSON.stringify(json));
  return name;
}

interface Findings {
  readonly findings: readonly { readonly code: string; readonly path: string }[];
}

const permit = { subject: 'Patient/1', provision: { type: 'permit', purposes: ['BTG'] } };

describe('consent lint', () => {
  it('exits with 1 and what it found, with 0 where that is nothing', async () => {
    const quiet = await cli('consent', 'lint', file('quiet.json', permit));
    expect(quiet).toMatchObject({ exitCode: 0, stdout: 'Nothing was found.\n' });
    const wide = { ...permit, provision: { type: 'permit', purposes: ['ETREAT'] } };
    const found = await cli('consent', 'lint', file('wide.json', wide), '--json');
    expect(found.exitCode).toBe(1);
    expect(documentOf<Findings>(found).findings).toMatchObject([
      { code: 'purpose-includes-more', path: 'provision.purpose[0]' },
    ]);
    expect((await cli('consent', 'lint', 'wide.json')).stdout).toMatch(/BTG, ERTREAT as well\.\n\n1 finding\.\n$/);
  });

  it('says where a FHIR consent is ambiguous, and takes the word of whoever knows', async () => {
    const coding = [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }];
    const fhir = file('fhir.json', {
      resourceType: 'Consent',
      status: 'active',
      scope: { coding },
      patient: { reference: 'Patient/1' },
      provision: { period: { start: '2026' } },
    });
    const { findings } = documentOf<Findings>(await cli('consent', 'lint', fhir, '--json'));
    expect(findings).toMatchObject([{ code: 'root-type-ambiguous', path: 'provision.type' }]);
    expect((await cli('consent', 'lint', fhir, '--root-type', 'permit')).exitCode).toBe(0);
  });

  it('is wrong usage for what is no consent', async () => {
    expect((await cli('consent', 'lint', file('none.json', {}))).exitCode).toBe(2);
    expect((await cli('consent', 'lint', 'nowhere.json')).exitCode).toBe(2);
  });
});

describe('policy', () => {
  it('begins with one in which nothing is found', async () => {
    const template = await cli('policy', 'new');
    const name = file('policy.json', readDomainPolicy(JSON.parse(template.stdout)));
    expect((await cli('policy', 'lint', name)).exitCode).toBe(0);
    expect(documentOf(await cli('policy', 'new', '--json'))).toEqual(JSON.parse(template.stdout));
  });

  it('is checked from a file, against consents', async () => {
    const policy = file('hospital.json', { implicit: 'deny', roles: { clinician: ['BTG'], clerk: ['HPAYMT'] } });
    const consents = file('consent.json', permit);
    expect((await cli('policy', 'lint', policy)).exitCode).toBe(0);
    const found = await cli('policy', 'lint', policy, '--consents', consents, '--json');
    expect(documentOf<Findings>(found).findings).toMatchObject([
      { code: 'purpose-unpermitted', path: 'roles.clerk[0]' },
    ]);
  });

  it('is checked as the ledger has it', async () => {
    const policy = domainPolicyToJson(
      readDomainPolicy({ timeZone: 'UTC', roles: [], emergency: { roles: ['clinician'] } }),
    );
    const service = nodeWith({
      domain: async (name) => ({ name, custodian: name, policy: JSON.parse(JSON.stringify(policy)) }),
    });
    const server = new ApiServer({
      service,
      version: '1.2.3',
      logger: silentLogger,
      onBug: (error) => {
        throw error;
      },
    });
    const port = await server.listen('127.0.0.1', 0);
    onTestFinished(() => server.close(100));
    const found = await cli('policy', 'lint', '--domain', 'st-mary', '--json', '--node', `http://127.0.0.1:${port}`);
    expect(documentOf<Findings>(found).findings).toMatchObject([{ code: 'emergency-never', path: 'emergency' }]);
    expect(found.exitCode).toBe(1);
    expect((await cli('policy', 'lint')).exitCode).toBe(2);
  });
});
