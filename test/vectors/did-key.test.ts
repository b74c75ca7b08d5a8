import { describe, expect, it } from 'vitest';
import { fromHex, present } from '../../src/base/index.ts';
import { createPortableSigner, createSigner, decodeDid, encodeDid } from '../../src/crypto/index.ts';
import { hasVectors, readJson } from '../support/vectors.ts';

describe.skipIf(!hasVectors('did-key'))('did:key, whose suffix did:assent shares', () => {
  it('derives the identifier of every seed', () => {
    const vectors = readJson<{ seed: string; did: string }[]>('did-key', 'ed25519-did-key.json');
    expect(vectors.length).toBeGreaterThan(0);
    for (const { seed, did } of vectors) {
      const secret = present(fromHex(seed), 'a seed in hexadecimal');
      const { publicKey } = createSigner(secret);
      expect(createPortableSigner(secret).publicKey).toEqual(publicKey);
      expect(encodeDid(publicKey)).toBe(did.replace('did:key:', 'did:assent:'));
      expect(decodeDid(did.replace('did:key:', 'did:assent:'))).toEqual(publicKey);
      expect(decodeDid(did)).toBeUndefined();
    }
  });
});
