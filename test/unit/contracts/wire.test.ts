import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toHex } from '../../../src/base/index.ts';
import { fastCheckOf } from '../../../src/contracts/engine/fast-check.ts';
import {
  blob,
  builtInContracts,
  bytes,
  did,
  name,
  SchemaError,
  timestamp,
  WireError,
  wireCodec,
} from '../../../src/contracts/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../../src/contracts/ledger-types.ts';

const schema = z.strictObject({
  title: name(),
  key: did(),
  digest: bytes(4),
  note: blob(8).exactOptional(),
  at: timestamp(),
  flags: z
    .array(z.enum(['red', 'green']))
    .min(1)
    .max(3),
  inner: z.strictObject({ open: z.boolean(), size: z.int().min(1).max(9).default(3) }).exactOptional(),
});
const codec = wireCodec(schema, 'payload', 2);

const byteArray = (minLength: number, maxLength = minLength): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength, maxLength });

const values: fc.Arbitrary<z.output<typeof schema>> = fc.record(
  {
    title: fc.stringMatching(/^[a-z0-9]{1,20}$/),
    key: byteArray(32),
    digest: byteArray(4),
    note: byteArray(1, 8),
    at: fc.maxSafeNat(),
    flags: fc.array(fc.constantFrom('red' as const, 'green' as const), { minLength: 1, maxLength: 3 }),
    inner: fc.record({ open: fc.boolean(), size: fc.integer({ min: 1, max: 9 }) }),
  },
  { requiredKeys: ['title', 'key', 'digest', 'at', 'flags'] },
) as fc.Arbitrary<z.output<typeof schema>>;

describe('positional codec of a schema', () => {
  it('round-trips every value through wire, bytes and JSON form', () => {
    fc.assert(
      fc.property(values, (value) => {
        const wire = codec.toWire(value);
        expect(wire).toHaveLength(8);
        expect(encodeCanonical(wire).length).toBeLessThanOrEqual(codec.bytesMax);
        expect(codec.fromWire(decodeCanonical(encodeCanonical(wire)))).toEqual({ ok: true, value });
        const json = JSON.parse(JSON.stringify(z.encode(schema, value)));
        expect(schema.parse(json)).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('decodes nothing that would encode to other bytes', () => {
    const scalar = fc.oneof(
      fc.constantFrom(null, true, 'red', 'a', 'UPPER', 2, 0, -1),
      byteArray(0, 40),
      fc.array(fc.constantFrom('red', 'green', 'blue', null), { maxLength: 4 }),
    );
    fc.assert(
      fc.property(values, fc.nat(8), scalar, (value, place, replacement) => {
        const wire = codec.toWire(value);
        wire[place] = replacement as CanonicalValue;
        const decoded = codec.fromWire(wire);
        if (decoded.ok) expect(encodeCanonical(codec.toWire(decoded.value))).toEqual(encodeCanonical(wire));
      }),
      { numRuns: 500 },
    );
  });

  const example = { title: 'a', key: new Uint8Array(32), digest: new Uint8Array(4), at: 1, flags: ['red' as const] };

  it.each<[string, (wire: CanonicalValue[]) => unknown, string]>([
    ['no array', () => 'text', 'payload: expected an array'],
    ['one element too many', (wire) => [...wire, null], 'payload: expected 8 elements, got 9'],
    ['one element too few', (wire) => wire.slice(0, -1), 'payload: expected 8 elements, got 7'],
    ['another version', (wire) => [1, ...wire.slice(1)], 'payload: expected version 2'],
    ['a missing field', (wire) => wire.with(1, null), 'payload.title:'],
    ['an unknown name', (wire) => wire.with(6, ['red', 'blue']), 'payload.flags[1]: expected one of red, green'],
    ['too long a list', (wire) => wire.with(6, ['red', 'red', 'red', 'red']), 'payload.flags:'],
    ['bytes of another length', (wire) => wire.with(3, new Uint8Array(5)), 'payload.digest: expected 4 bytes'],
    ['a number out of bounds', (wire) => wire.with(7, [true, 10]), 'payload.inner.size:'],
    ['a text for bytes', (wire) => wire.with(2, '00'), 'payload.key: expected the 32 bytes of a DID'],
  ])('refuses %s and names the path', (_, change, problem) => {
    const decoded = codec.fromWire(change(codec.toWire(example)) as CanonicalValue);
    expect(decoded).toMatchObject({ ok: false, problem: expect.stringContaining(problem) });
  });

  it('encodes nothing that would not decode: unknown fields, out-of-bounds values', () => {
    const encode = (change: object) => () => codec.toWire({ ...example, ...change });
    expect(encode({ extra: 1 })).toThrow(WireError);
    expect(encode({ at: -1 })).toThrow(WireError);
    expect(encode({ title: 'UPPER' })).toThrow(WireError);
  });

  it('describes the JSON form: hex, DIDs, nothing else allowed', () => {
    const described = z.toJSONSchema(schema, { io: 'input' });
    expect(described).toMatchObject({
      additionalProperties: false,
      properties: { digest: { type: 'string', minLength: 8, maxLength: 8 }, key: { type: 'string' } },
      required: ['title', 'key', 'digest', 'at', 'flags'],
    });
  });

  it.each<[string, z.ZodObject, string]>([
    ['a loose object', z.object({ a: z.int() }), 'strictObject'],
    ['an unbounded string', z.strictObject({ a: z.string() }), '.a: give the string a .max()'],
    ['an unbounded array', z.strictObject({ a: z.array(z.int()) }), '.a: give the array a .max()'],
    ['a fraction', z.strictObject({ a: z.number() }), '.a: numbers are z.int()'],
    ['null', z.strictObject({ a: z.int().nullable() }), '.a: nullable has no wire form'],
    ['a date', z.strictObject({ a: z.date() }), '.a: date has no wire form'],
    ['holes in a list', z.strictObject({ a: z.array(z.int().optional()).max(2) }), 'cannot be optional'],
    ['a condition across fields', z.strictObject({ a: z.int() }).refine(() => true), 'into a rule'],
  ])('has no wire form for %s', (_, unfit, problem) => {
    expect(() => wireCodec(unfit, 'payload')).toThrow(SchemaError);
    expect(() => wireCodec(unfit, 'payload')).toThrow(problem);
  });

  it('refuses a text that is not in its normal form rather than changing it', () => {
    const trimming = wireCodec(z.strictObject({ a: z.string().trim().max(9) }), 'payload');
    expect(trimming.fromWire([1, ' a'])).toMatchObject({ ok: false, problem: 'payload.a: not in its normal form' });
  });
});

describe('fast checks of leaves', () => {
  const leaves: readonly z.ZodType[] = [
    z.int(),
    z.int().min(0).max(9),
    timestamp(),
    z.string().min(2).max(5),
    z
      .string()
      .length(3)
      .regex(/^[a-c]*$/),
    name(),
    z.boolean(),
  ];
  it('accept exactly what zod accepts', () => {
    const input = fc.oneof(
      fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c', 'A', '-', '.', 'é') }),
      fc.integer({ min: -3, max: 12 }),
      fc.constantFrom(0.5, Number.NaN, 2 ** 53, -0, null, undefined, true, []),
    );
    for (const leaf of leaves) {
      const fast = fastCheckOf(leaf);
      expect(fast).toBeDefined();
      fc.assert(
        fc.property(input, (value) => fast?.(value) === leaf.safeParse(value).success),
        { numRuns: 300 },
      );
    }
  });
  it('are not given where a check is not known', () => {
    expect(fastCheckOf(z.string().trim().max(3))).toBeUndefined();
    expect(fastCheckOf(z.int().multipleOf(3))).toBeUndefined();
    expect(
      fastCheckOf(
        z
          .string()
          .max(5)
          .refine(() => false),
      ),
    ).toBeUndefined();
  });
});

describe('DID texts', () => {
  it('name exactly one key', () => {
    const leaf = did();
    fc.assert(
      fc.property(byteArray(32), (key) => {
        const text = z.encode(leaf, key);
        expect(text).toMatch(/^did:assent:z6Mk/);
        expect(toHex(leaf.parse(text))).toBe(toHex(key));
      }),
      { numRuns: 50 },
    );
    expect(leaf.safeParse('did:assent:z6MkNot').success).toBe(false);
  });
});

describe('the JSON form of a bounded list', () => {
  it('of objects whose optional bytes are absent is as it was given', () => {
    const nested = [
      { parent: 0, type: 'permit' },
      { parent: 1, type: 'deny', sealed: 'ab'.repeat(32) },
    ];
    const json = { domain: 'north-records', provision: { type: 'permit' }, nested };
    const wire = builtInContracts.payloadFromJson('consent.grant', json);
    expect(builtInContracts.payloadToJson('consent.grant', wire)).toEqual(json);
  });
});
