import { describe, expect, it } from 'vitest';
import { fromHex, InvariantError, present, toHex } from '../../src/base/index.ts';
import { hkdfSha256 } from '../../src/crypto/index.ts';
import { hasVectors, readJson } from '../support/vectors.ts';

const bytes = (hex: string): Uint8Array => present(fromHex(hex), 'the vectors are lower-case hexadecimal');

describe.skipIf(!hasVectors('wycheproof'))('Wycheproof HKDF-SHA-256', () => {
  type Test = { tcId: number; ikm: string; salt: string; info: string; size: number; okm: string; result: string };
  type Suite = { numberOfTests: number; testGroups: { tests: Test[] }[] };

  it('derives every key, and refuses the sizes that HKDF cannot yield', () => {
    const suite = readJson<Suite>('wycheproof', 'hkdf_sha256_test.json');
    const tests = suite.testGroups.flatMap((group) => group.tests);
    expect(tests).toHaveLength(suite.numberOfTests);
    for (const { tcId, ikm, salt, info, size, okm, result } of tests) {
      const derive = (): string => toHex(hkdfSha256(bytes(ikm), bytes(salt), bytes(info), size));
      if (result === 'valid') expect(derive(), `test ${tcId}`).toBe(okm);
      else expect(derive, `test ${tcId}`).toThrow(InvariantError);
    }
  });
});
