import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, InvariantError, present, utf8 } from '../../../src/base/index.ts';
import {
  createPortableSigner,
  createSigner,
  generateSeed,
  verifySignature,
  verifySignaturePortable,
} from '../../../src/crypto/index.ts';

const { p, n: L } = Point.CURVE();

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

// A generator of the eight points of small order.
const torsionGenerator = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a');
const torsion = (multiple: number): Point => torsionGenerator.multiplyUnsafe(BigInt(multiple));

/** The encoding with y + p for y where that fits 255 bits: the same point, written in a forbidden way. */
function nonCanonical(encoded: Uint8Array): Uint8Array {
  const sign = BigInt((encoded[31] as number) >> 7) << 255n;
  const y = toNumber(encoded) & ((1n << 255n) - 1n);
  return y < 19n ? littleEndian((y + p) | sign) : encoded;
}

interface Mixed {
  readonly publicKey: Uint8Array;
  readonly R: Uint8Array;
  readonly S: bigint;
}

/** A key and a signature with torsion components `i` of A and `j` of R: valid without cofactor iff j + k·i ≡ 0 mod 8. */
function mixedSignature(a: bigint, r: bigint, i: number, j: number, message: Uint8Array): Mixed {
  const A = Point.BASE.multiplyUnsafe(a).add(torsion(i)).toBytes();
  const R = Point.BASE.multiplyUnsafe(r).add(torsion(j)).toBytes();
  const k = toNumber(sha512(concatBytes(R, A, message))) % L;
  return { publicKey: A, R, S: (r + k * a) % L };
}

const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.bigInt({ min: 1n, max: L - 1n }) },
  { weight: 1, arbitrary: fc.constant(0n) },
);

describe('Ed25519: one verdict', () => {
  it('is the same in node and portable verifier for every mix of torsion and for forbidden encodings', () => {
    const seen = { valid: 0, invalid: 0 };
    const order8 = fc.integer({ min: 0, max: 7 });
    fc.assert(
      fc.property(
        fc.record({ a: scalar, r: scalar, i: order8, j: order8 }),
        fc.constantFrom('as signed', 'S + L', 'A beyond p', 'R beyond p', 'sign of A', 'sign of R'),
        fc.uint8Array({ maxLength: 40 }),
        ({ a, r, i, j }, change, message) => {
          const made = mixedSignature(a, r, i, j, message);
          let { publicKey, R, S } = made;
          if (change === 'S + L') S += L;
          if (change === 'A beyond p') publicKey = nonCanonical(publicKey);
          if (change === 'R beyond p') R = nonCanonical(R);
          if (change === 'sign of A')
            publicKey = Uint8Array.from(publicKey, (byte, at) => (at === 31 ? byte ^ 128 : byte));
          if (change === 'sign of R') R = Uint8Array.from(R, (byte, at) => (at === 31 ? byte ^ 128 : byte));
          const signature = concatBytes(R, littleEndian(S));
          const verdict = verifySignature(publicKey, message, signature);
          expect(verifySignaturePortable(publicKey, message, signature)).toBe(verdict);
          seen[verdict ? 'valid' : 'invalid'] += 1;
        },
      ),
      { numRuns: 400 },
    );
    // Both verdicts must have been exercised for their equality to mean anything.
    expect(seen.valid).toBeGreaterThan(5);
    expect(seen.invalid).toBeGreaterThan(100);
  });

  it('follows the cofactorless equation: torsion is accepted exactly when it cancels', () => {
    let accepted = 0;
    for (let attempt = 0; attempt < 64; attempt++) {
      const message = utf8(`message ${attempt}`);
      const { publicKey, R, S } = mixedSignature(12_345n, 67_890n, 1, attempt % 8, message);
      const k = toNumber(sha512(concatBytes(R, publicKey, message))) % L;
      const cancels = (BigInt(attempt % 8) + k) % 8n === 0n;
      expect(verifySignature(publicKey, message, concatBytes(R, littleEndian(S)))).toBe(cancels);
      if (cancels) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(0);
  });

  it('refuses every key and every R of small order', () => {
    const message = utf8('message');
    for (let multiple = 0; multiple < 8; multiple++) {
      const small = torsion(multiple).toBytes();
      const asKey = mixedSignature(0n, 777n, multiple, 0, message);
      const asR = mixedSignature(777n, 0n, 0, multiple, message);
      for (const verify of [verifySignature, verifySignaturePortable]) {
        expect(verify(small, message, concatBytes(asKey.R, littleEndian(asKey.S)))).toBe(false);
        expect(verify(asR.publicKey, message, concatBytes(small, littleEndian(asR.S)))).toBe(false);
      }
    }
  });

  it('answers false, and does not throw, for arguments of a wrong length', () => {
    const signer = createSigner(generateSeed());
    const message = utf8('message');
    const signature = signer.sign(message);
    for (const verify of [verifySignature, verifySignaturePortable]) {
      expect(verify(signer.publicKey, message, signature)).toBe(true);
      expect(verify(signer.publicKey.subarray(1), message, signature)).toBe(false);
      expect(verify(signer.publicKey, message, signature.subarray(1))).toBe(false);
      expect(verify(signer.publicKey, message, concatBytes(signature, Uint8Array.of(0)))).toBe(false);
      expect(verify(new Uint8Array(), message, new Uint8Array())).toBe(false);
    }
  });
});

describe('signers', () => {
  it('sign as RFC 8032 §7.1, tests 1 and 2, say', () => {
    const vectors = [
      {
        seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
        publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
        message: '',
        signature:
          'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      },
      {
        seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
        publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        message: '72',
        signature:
          '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      },
    ];
    const bytes = (hex: string): Uint8Array => present(fromHex(hex), 'a literal in hexadecimal');
    for (const { seed, publicKey, message, signature } of vectors) {
      for (const create of [createSigner, createPortableSigner]) {
        const signer = create(bytes(seed));
        expect(signer.publicKey).toEqual(bytes(publicKey));
        expect(signer.sign(bytes(message))).toEqual(bytes(signature));
      }
    }
  });

  it('keep their key when the seed is wiped', () => {
    for (const create of [createSigner, createPortableSigner]) {
      const seed = generateSeed();
      const signer = create(seed);
      seed.fill(0);
      expect(verifySignature(signer.publicKey, utf8('m'), signer.sign(utf8('m')))).toBe(true);
    }
  });

  it('refuse seeds of a wrong length', () => {
    for (const create of [createSigner, createPortableSigner])
      expect(() => create(new Uint8Array(31))).toThrow(InvariantError);
  });
});
