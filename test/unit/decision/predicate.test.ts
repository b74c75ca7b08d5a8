import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { consentSchema, decide, policySchema, requestSchema } from '../../../src/decision/index.ts';
import { instantOf } from '../../../src/decision/instant.ts';
import { predicateOf } from '../../../src/decision/predicate.ts';
import { isOrdinaryRequest } from '../../../src/decision/request-check.ts';
import { consents, requests } from './draw.ts';

const word = fc.string({ minLength: 1, maxLength: 3 });
const words = fc.array(word, { maxLength: 2 });
const richPolicies = fc.record(
  {
    implicit: fc.constantFrom('permit', 'deny'),
    roles: fc.oneof(fc.array(fc.record({ role: word, purposes: words })), fc.dictionary(word, words, { maxKeys: 2 })),
    emergency: fc.record(
      { roles: words, maxHours: fc.double({ min: 0, noNaN: true }), honourDeny: fc.boolean() },
      { requiredKeys: ['roles'] },
    ),
    legalBases: fc.array(fc.record({ name: word, role: word, purpose: words })),
  },
  { requiredKeys: ['implicit'] },
);

const glass = {
  justified: true,
  categories: ['a'],
  openedAt: '2026-03-01T10:00:00Z',
  expiresAt: '2026-03-02T10:00:00Z',
};
const richRequests = fc.tuple(requests, fc.boolean()).map(([request, isGlass]) => ({
  ...request,
  ...(isGlass && { breakGlass: glass, legalBasis: 'court-order' }),
}));

const labelled = fc.record({
  type: word,
  class: fc.oneof(word, words),
  categories: words,
  date: fc.oneof(word, fc.record({ start: word, end: word }, { requiredKeys: [] })),
  confidentiality: word,
  sensitivity: fc.oneof(word, words),
});
const richerRequests = fc.tuple(richRequests, labelled).map(([request, facts]) => ({
  ...request,
  resources: [...request.resources, { reference: 'Observation/a', ...facts }],
}));

function hasUndefined(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === undefined;
  return Object.values(value).some(hasUndefined);
}

/** What a caller may get wrong, and what it may get right at another place. */
const otherValues: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(undefined, null, '', 'x'.repeat(513), 'x'.repeat(512), [], {}, Number.NaN, -1, 1.5, 9e15, 2 ** 53),
  fc.constantFrom('permit', 'N', 'access', ['TREAT'], { from: 2, until: 1 }, { from: 1 }),
  fc.jsonValue(),
);

interface Edit {
  /** Which member to go into, level by level. */
  readonly turns: readonly number[];
  readonly kind: 'replace' | 'remove' | 'add';
  readonly name: string;
  readonly value: unknown;
}

const edits: fc.Arbitrary<Edit> = fc.record({
  turns: fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
  kind: fc.constantFrom('replace', 'remove', 'add'),
  name: fc.constantFrom('type', 'until', 'legalBasis', 'extra', '__proto__'),
  value: otherValues,
});

/** A copy with one part replaced, left out, or added. */
function edited(value: unknown, edit: Edit, depth = 0): unknown {
  const turn = edit.turns[depth];
  if (typeof value !== 'object' || value === null || turn === undefined) return edit.value;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const names = Object.keys(copy);
  const name = names[turn % Math.max(1, names.length)];
  const isHere = depth === edit.turns.length - 1;
  if (isHere && edit.kind === 'add' && Array.isArray(copy)) copy.push(edit.value);
  else if (isHere && edit.kind === 'add')
    Object.defineProperty(copy, edit.name, { value: edit.value, enumerable: true, configurable: true, writable: true });
  else if (name === undefined) return edit.value;
  else if (isHere && edit.kind === 'remove') delete copy[name];
  else copy[name] = edited(copy[name], edit, depth + 1);
  return copy;
}

describe.each<readonly [string, z.ZodType, fc.Arbitrary<unknown>]>([
  ['requests', requestSchema, richRequests],
  ['consents', consentSchema, consents],
  ['policies', policySchema, richPolicies],
])('the predicate of %s', (_, schema, values) => {
  const accepts = predicateOf(schema);

  it('accepts what the schema accepts, as it is, and nothing else', () => {
    let [right, wrong] = [0, 0];
    fc.assert(
      fc.property(values, fc.option(edits, { nil: undefined }), (value, edit) => {
        const given = edit === undefined ? value : edited(value, edit);
        const parsed = schema.safeParse(given);
        if (parsed.success) right += 1;
        else wrong += 1;
        expect(accepts(given)).toBe(parsed.success && isDeepStrictEqual(parsed.data, structuredClone(given)));
      }),
      { numRuns: 3000 },
    );
    expect(right).toBeGreaterThan(300);
    expect(wrong).toBeGreaterThan(300);
  });
});

it('the check of requests, written out, knows each that the schema accepts as it is', () => {
  const accepts = predicateOf(requestSchema);
  let [right, wrong] = [0, 0];
  fc.assert(
    fc.property(richerRequests, fc.option(edits, { nil: undefined }), (value, edit) => {
      const given = edit === undefined ? value : edited(value, edit);
      const isOrdinary = isOrdinaryRequest(given) && instantOf(given.at) !== undefined;
      if (isOrdinary) right += 1;
      else wrong += 1;
      expect(isOrdinary).toBe(accepts(given) && !hasUndefined(given));
    }),
    { numRuns: 5000 },
  );
  expect(right).toBeGreaterThan(300);
  expect(wrong).toBeGreaterThan(300);
});

it('a request is made at a moment that there is', () => {
  const request = {
    subject: 'patient',
    at: '2026-02-29T10:00:00Z',
    purpose: 'TREAT',
    action: 'access' as const,
    requester: { references: [], roles: [] },
    resources: [{ reference: 'Observation/a', confidentiality: 'no such level' }],
  };
  const ask = (): unknown => decide({ consents: [], request, policy: { implicit: 'deny' } });
  expect(ask).toThrow('request.at: a moment of RFC 3339 is expected');
});

it('no predicate is made for a schema that it would not agree with', () => {
  for (const schema of [z.object({}), z.date(), z.string().regex(/a/), z.number().gt(1), z.string().trim()])
    expect(() => predicateOf(schema)).toThrow();
});
