import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toHex } from '../../../src/base/index.ts';
import { layeredEncoder } from '../../../src/contracts/engine/layered-encoder.ts';
import { bytes, type EntryType, entryType } from '../../../src/contracts/index.ts';

interface Sample {
  readonly first: number;
  readonly id: Uint8Array;
  readonly word?: string;
  readonly flags: readonly boolean[];
  readonly last?: number;
}

const schema: z.ZodObject & z.ZodType<Sample> = z.strictObject({
  first: z.int().min(0),
  id: bytes(4),
  word: z.string().max(8).exactOptional(),
  flags: z.array(z.boolean()).max(3),
  last: z.int().exactOptional(),
});
const entry: EntryType<Sample> = entryType('sample', schema);
const encoder = layeredEncoder<Sample, 'flags', 'id' | 'last'>(
  schema,
  'sample',
  { group: ['flags'], own: ['id', 'last'] },
  ['sample'],
);

describe('an encoder of values that share fields', () => {
  const id = fc.uint8Array({ minLength: 4, maxLength: 4 });
  const shared = fc.record({ first: fc.nat(), word: fc.string({ maxLength: 8 }) }, { requiredKeys: ['first'] });
  const group = fc.record({ flags: fc.array(fc.boolean(), { maxLength: 3 }) });
  const varying = fc.record({ id, last: fc.integer() }, { requiredKeys: ['id'] });

  it('gives the bytes that the codec of the whole gives, for each anew', () => {
    fc.assert(
      fc.property(shared, fc.array(fc.tuple(group, fc.array(varying))), (common, groups) => {
        const ofGroup = encoder(common);
        for (const [some, each] of groups) {
          const encode = ofGroup(some);
          for (const own of each) expect(toHex(encode(own))).toBe(toHex(entry.encode({ ...common, ...some, ...own })));
        }
      }),
    );
  });

  it('refuses what the schema refuses, shared or not', () => {
    expect(() => encoder({ first: -1 })).toThrow();
    expect(() => encoder({ first: 1 })({ flags: [true, true, true, true] })).toThrow();
    expect(() => encoder({ first: 1 })({ flags: [] })({ id: new Uint8Array(3) })).toThrow('expected 4 bytes');
  });
});
