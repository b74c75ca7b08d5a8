import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentOf } from '../support/cli.ts';
import { LocalCluster } from './support.ts';

const coding = (system: string, code: string) => ({ coding: [{ system, code }] });
const actReason = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const recipient = coding('http://terminology.hl7.org/CodeSystem/v3-ParticipationType', 'IRCP');

/** Treatment by one hospital, but nothing psychiatric. */
const fhirConsent = {
  resourceType: 'Consent',
  status: 'active',
  scope: coding('http://terminology.hl7.org/CodeSystem/consentscope', 'patient-privacy'),
  category: [coding('http://loinc.org', '59284-0')],
  patient: { reference: 'Patient/17' },
  policyRule: coding('http://terminology.hl7.org/CodeSystem/v3-ActCode', 'OPTIN'),
  provision: {
    type: 'permit',
    actor: [{ role: recipient, reference: { reference: 'Organization/4' } }],
    purpose: [{ system: actReason, code: 'TREAT' }],
    provision: [
      { type: 'deny', securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'PSY' }] },
    ],
  },
};

describe('a FHIR consent on a real node', () => {
  let cluster: LocalCluster;
  const file = (name: string, content: object): string => {
    const path = join(cluster.directory, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };
  const asAda = ['--as', 'ada', '--domain', 'st-mary'];

  beforeAll(async () => {
    cluster = await LocalCluster.up('--nodes', '1');
    await cluster.json('identity', 'new', 'ada');
    await cluster.json('identity', 'new', 'amara', '--agent');
    const byMember = ['--as', 'st-mary'];
    const gateway = ['gateway/st-mary', '--role', 'gateway', '--domain', 'st-mary'];
    await cluster.json('credential', 'issue', ...gateway, ...byMember);
    await cluster.json('credential', 'issue', 'amara', '--role', 'clinician', ...byMember);
    await cluster.json('subject', 'link', 'ada', '--domain', 'st-mary', '--chart', '4711');
  });
  afterAll(() => cluster.remove());

  async function ask(facts?: object): Promise<string> {
    const asked = ['--subject', 'ada', '--domain', 'st-mary', '--agent', 'amara', '--purpose', 'TREAT'];
    const known = facts === undefined ? [] : ['--facts', file('facts.json', facts)];
    const recorded = await cluster.json<{ decision: string }>(
      ...['access', 'record', ...asked, '--resource', 'a letter', ...known],
    );
    return recorded.decision;
  }

  it('is refused with the path of what nobody maps, and nothing is sent', async () => {
    const refused = await cluster.run('--json', 'consent', 'import', file('consent.json', fhirConsent), ...asAda);
    expect(refused.exitCode).toBe(1);
    expect(documentOf<{ errors: object[] }>(refused).errors).toEqual([
      expect.objectContaining({ path: 'provision.actor[0].reference', code: 'reference-unresolved' }),
    ]);
    expect((await cluster.json<{ consents: object[] }>('consent', 'list', 'ada')).consents).toEqual([]);
  });

  it('is granted with its labels sealed, and decides by the labels that the gateway knows', async () => {
    const map = file('map.json', { 'Organization/4': 'member:st-mary' });
    const imported = await cluster.json<{ consent: string; nested: { sealed?: string }[] }>(
      ...['consent', 'import', file('consent.json', fhirConsent), ...asAda, '--map', map],
    );
    expect(imported.nested).toMatchObject([
      { parent: 0, type: 'deny', sealed: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(JSON.stringify(imported)).not.toContain('PSY');
    expect(await ask({ reference: 'DocumentReference/1', confidentiality: 'N' })).toBe('permit');
    expect(await ask({ reference: 'DocumentReference/2', sensitivity: ['PSY'] })).toBe('deny');
    // What is sealed and not looked at may deny: nothing is released.
    expect(await ask()).toBe('indeterminate');
    expect(await ask({ reference: 'DocumentReference/3' })).toBe('indeterminate');
  });

  it('is amended, superseded and refused against by the person alone', async () => {
    const { consents } = await cluster.json<{ consents: { id: string }[] }>('consent', 'list', 'ada');
    const id = consents[0]?.id ?? '';
    await cluster.json('consent', 'amend', id, '--as', 'ada', '--actor', 'member:st-mary', '--purpose', 'ETREAT');
    expect(await ask({ reference: 'DocumentReference/1', confidentiality: 'N' })).toBe('deny');
    const next = await cluster.json<{ consent: string }>(
      ...['consent', 'supersede', id, ...asAda, '--actor', 'member:st-mary', '--label', 'N'],
    );
    expect(await ask({ reference: 'DocumentReference/1', confidentiality: 'N' })).toBe('permit');
    expect(await ask({ reference: 'DocumentReference/4', confidentiality: 'R' })).toBe('deny');
    await cluster.json('consent', 'refuse', ...asAda, '--actor', 'amara');
    expect(await ask({ reference: 'DocumentReference/1', confidentiality: 'N' })).toBe('deny');
    const listed = await cluster.json<{ consents: { id: string; supersededBy?: string }[] }>('consent', 'list', 'ada');
    expect(listed.consents).toHaveLength(3);
    expect(listed.consents[0]).toMatchObject({ id, supersededBy: next.consent });
  });

  it('for a purpose of another code system permits this one, where the domain lets a role claim it', async () => {
    const system = 'http://example.org/policies/purposeOfUse';
    const fooBar = `${system}|FooBar`;
    const people = ['--subject', 'ben', '--domain', 'st-mary', '--agent', 'amara'];
    const checked = async (purpose: string): Promise<{ decision: string; reason: string }> => {
      const { stdout } = await cluster.run('--json', 'consent', 'check', ...people, '--purpose', purpose);
      return JSON.parse(stdout).explanation;
    };
    await cluster.json('identity', 'new', 'ben');
    await cluster.json('subject', 'link', 'ben', '--domain', 'st-mary', '--chart', '4712');
    const { policy } = await cluster.client().domain('st-mary');
    const roles = [{ role: 'clinician', purposes: ['TREAT', fooBar] }];
    const change = { domain: 'st-mary', policy: { ...(policy as object), roles }, ifVersion: 1 };
    const request = file('domain.json', { kind: 'enrolment.domain', payload: change });
    await cluster.json('tx', 'submit', request, '--as', 'member/st-mary');

    const provision = { ...fhirConsent.provision, purpose: [{ system, code: 'FooBar' }], provision: undefined };
    const map = file('map.json', { 'Organization/4': 'member:st-mary' });
    const imported = await cluster.json<{ provision: object }>(
      ...['consent', 'import', file('consent.json', { ...fhirConsent, provision })],
      ...['--as', 'ben', '--domain', 'st-mary', '--map', map],
    );
    expect(imported.provision).toMatchObject({ purposes: [fooBar] });
    expect(await checked(fooBar)).toMatchObject({ decision: 'permit' });
    expect(await checked('TREAT')).toMatchObject({ decision: 'deny', reason: 'implicit-policy' });
    expect(await checked(`${system}|Foo`)).toMatchObject({ decision: 'deny', reason: 'gate' });
    const recorded = await cluster.json<{ decision: string }>(
      ...['access', 'record', ...people, '--purpose', fooBar, '--resource', 'a letter'],
    );
    expect(recorded.decision).toBe('permit');
    const { entries } = await cluster.json<{ entries: { purpose?: string }[] }>('access', 'log', 'ben');
    expect(entries.map(({ purpose }) => purpose)).toEqual([fooBar]);
  });
});
