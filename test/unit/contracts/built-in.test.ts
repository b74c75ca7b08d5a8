import { describe, expect, it } from 'vitest';
import {
  builtInContracts,
  describeEntry,
  evaluateAccess,
  purposes,
  ruleCodes,
  ruleSet,
} from '../../../src/contracts/index.ts';
import { hourMs, type World, world } from './support.ts';

function ask({ ledger }: World, change: Record<string, unknown> = {}) {
  const question = {
    agent: ledger.actor('kay').did,
    role: 'clinician',
    organisation: 'north',
    subject: ledger.actor('ana').did,
    domain: 'north-records',
    purpose: 'TREAT',
    action: 'access',
    ...change,
  };
  return evaluateAccess(ledger.state, question, ledger.nowMs, ruleSet);
}

describe('step 9: evaluateAccess explains', () => {
  it('the determining consents with version, every consent with the element that failed, and the implicit policy', () => {
    const place = world();
    const research = place.grant({ type: 'deny', purposes: ['HRESCH'] });
    const treatment = place.grant({ type: 'permit', purposes: ['TREAT'], actors: ['member:north'] });
    expect(ask(place)).toMatchObject({
      decision: 'permit',
      reason: 'permit',
      implicitPolicy: 'deny',
      at: place.ledger.nowMs,
      ruleSet,
      consents: [
        {
          consent: research,
          version: 1,
          results: ['not-applicable'],
          determining: false,
          mismatches: [
            { path: 'provision', type: 'deny', standing: 'out', element: 'purpose', expected: 'HRESCH', got: 'TREAT' },
          ],
        },
        { consent: treatment, version: 1, results: ['permit'], determining: true },
      ],
    });
    expect(JSON.parse(JSON.stringify(ask(place)))).toEqual(ask(place));
  });

  it('what failed at the gate, and which glass is open', () => {
    const place = world();
    expect(ask(place, { purpose: 'HRESCH' })).toMatchObject({
      decision: 'deny',
      reason: 'gate',
      gate: { element: 'purpose', expected: 'TREAT', got: 'HRESCH' },
      consents: [],
    });
    expect(ask(place, { organisation: 'south' }).gate).toEqual({
      element: 'credential',
      expected: 'clinician of south',
      got: 'clinician of north',
    });
    place.breakGlass();
    const emergency = { agent: place.ledger.actor('eve').did, role: 'emergency-physician', purpose: 'BTG' };
    expect(ask(place, { ...emergency, inEmergencyCategory: true })).toMatchObject({
      decision: 'permit-break-glass',
      breakGlass: { openedAt: place.ledger.nowMs, expiresAt: place.ledger.nowMs + 2 * hourMs },
    });
  });

  it('agrees with what access.record decides at the same state and time', () => {
    const place = world();
    place.grant({ type: 'permit', actors: [place.ledger.actor('kay').did] });
    place.grant({ type: 'deny', purposes: ['POPHLTH'], sealed: 'ab'.repeat(32) });
    for (const purpose of purposes) {
      const recorded = place.access({ purpose }).output?.['decision'];
      expect(ask(place, { purpose }).decision, purpose).toBe(recorded);
    }
  });

  it('says which part of a question is wrong', () => {
    const place = world();
    expect(() => ask(place, { purpose: 'HEALING' })).toThrow('purpose');
    expect(() => ask(place, { domain: 'west' })).toThrow('no domain named west');
    expect(() => ask(place, { subject: place.ledger.actor('ben').did })).toThrow('does not know this subject');
  });
});

describe('the catalogue of built-in contracts', () => {
  it('has the kinds of this rule set', () => {
    expect(builtInContracts.kindNames).toEqual([
      'enrolment.domain',
      'enrolment.link',
      'enrolment.unlink',
      'enrolment.changeKeyHolder',
      'enrolment.agreeToMerge',
      'enrolment.merge',
      'enrolment.unmerge',
      'identity.rotate',
      'identity.setGuardians',
      'identity.openRecovery',
      'identity.approveRecovery',
      'identity.vetoRecovery',
      'identity.finishRecovery',
      'identity.deactivate',
      'identity.addDelegate',
      'identity.removeDelegate',
      'credential.issue',
      'credential.suspend',
      'credential.resume',
      'credential.revoke',
      'credential.joinGroup',
      'credential.leaveGroup',
      'consent.grant',
      'consent.amend',
      'consent.revoke',
      'consent.refuse',
      'consent.supersede',
      'access.record',
      'access.recordBatch',
      'access.breakGlass',
      'access.reviewBreakGlass',
      'access.dispute',
      'access.answerDispute',
      'access.correct',
      'access.recordLate',
      'record.anchor',
      'record.enteredInError',
      'governance.propose',
      'governance.vote',
      'governance.withdraw',
      'governance.replaceNode',
      'governance.retireNode',
    ]);
  });

  it('has a sentence for every code, in order, once', () => {
    const codes = ruleCodes.map(({ code }) => code);
    expect(codes).toEqual([...new Set(codes)].sort());
    for (const { code, sentence, rules } of ruleCodes) {
      expect(sentence, code).toMatch(/^[A-Z].+\.$/);
      expect(sentence, code).not.toMatch(/payload|undefined|null|hex/);
      if (!['identity-deactivated', 'limits', 'payload-invalid'].includes(code))
        expect(rules.length, code).toBeGreaterThan(0);
    }
  });

  it('describes every payload and output for OpenAPI, closed to unknown fields', () => {
    for (const kind of builtInContracts.kindNames) {
      expect(builtInContracts.payloadJsonSchema(kind), kind).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
      const output = builtInContracts.outputJsonSchema(kind);
      if (output !== null) expect(output, kind).toMatchObject({ type: 'object', additionalProperties: false });
    }
  });

  it('lets no free text into a payload: every text is bytes, a DID, a name or a code of a table', () => {
    const open: string[] = [];
    const walk = (schema: Record<string, unknown>, path: string): void => {
      if (schema['type'] === 'string' && schema['enum'] === undefined && schema['pattern'] === undefined)
        open.push(path);
      for (const [name, inner] of Object.entries(
        (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>,
      ))
        walk(inner, `${path}.${name}`);
      if (schema['items'] !== undefined) walk(schema['items'] as Record<string, unknown>, `${path}[]`);
    };
    for (const kind of builtInContracts.kindNames) walk(builtInContracts.payloadJsonSchema(kind), kind);
    expect(open).toEqual([]);
  });

  it('describes no bytes that are not its own', () => {
    expect(() => describeEntry(Uint8Array.of(0xc0))).toThrow('no entry of a known type');
    expect(() => describeEntry(Uint8Array.of(0xc1))).toThrow();
  });
});
