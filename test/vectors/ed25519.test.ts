import { describe, expect, it } from 'vitest';
import { fromHex, present } from '../../src/base/index.ts';
import { verifySignature, verifySignaturePortable } from '../../src/crypto/index.ts';
import { hasVectors, readJson } from '../support/vectors.ts';

const verifiers = [
  ['node', verifySignature],
  ['portable', verifySignaturePortable],
] as const;

const bytes = (hex: string): Uint8Array => present(fromHex(hex), 'the vectors are lower-case hexadecimal');

describe.skipIf(!hasVectors('ed25519-speccheck'))('ed25519-speccheck: the verdict that the ledger is pinned to', () => {
  type Case = { message: string; pub_key: string; signature: string };
  // Of the twelve edge cases only number 3, mixed-order A and R that satisfy the cofactorless equation, is valid.
  const verdicts = [false, false, false, true, false, false, false, false, false, false, false, false];

  it.each(verifiers)('%s verifier', (_name, verify) => {
    const cases = readJson<Case[]>('ed25519-speccheck', 'cases-12.json');
    const found = cases.map((one) => verify(bytes(one.pub_key), bytes(one.message), bytes(one.signature)));
    expect(found).toEqual(verdicts);
  });
});

describe.skipIf(!hasVectors('wycheproof'))('Wycheproof Ed25519', () => {
  type Test = { tcId: number; comment: string; msg: string; sig: string; result: 'valid' | 'invalid' };
  type Suite = { numberOfTests: number; testGroups: { publicKey: { pk: string }; tests: Test[] }[] };

  it.each(verifiers)('%s verifier', (_name, verify) => {
    const suite = readJson<Suite>('wycheproof', 'ed25519_test.json');
    let count = 0;
    for (const { publicKey, tests } of suite.testGroups) {
      for (const { tcId, comment, msg, sig, result } of tests) {
        const valid = verify(bytes(publicKey.pk), bytes(msg), bytes(sig));
        expect(valid, `test ${tcId}: ${comment}`).toBe(result === 'valid');
        count += 1;
      }
    }
    expect(count).toBe(suite.numberOfTests);
  });
});
