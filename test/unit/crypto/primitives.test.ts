import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InvariantError, toHex, utf8 } from '../../../src/base/index.ts';
import {
  commit,
  constantTimeEqual,
  decodeDid,
  decodeNodeId,
  encodeDid,
  encodeNodeId,
  hmacSha256,
  passphraseKey,
  randomBytes,
  type SignedKind,
  seal,
  sha256,
  signedKinds,
  signedMessage,
  systemRandom,
  unseal,
  verifyCommitment,
  wipe,
} from '../../../src/crypto/index.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('hashes', () => {
  it('are those of node:crypto, whatever the parts', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (parts) => {
        const expected = createHash('sha256');
        for (const part of parts) expected.update(part);
        expect(toHex(sha256(...parts))).toBe(expected.digest('hex'));
      }),
    );
    const message = utf8('message');
    expect(toHex(hmacSha256(utf8('key'), message))).toBe(createHmac('sha256', 'key').update(message).digest('hex'));
  });
});

describe('signed messages', () => {
  it('are "assent/<kind>/v1", zero, ledger id, body', () => {
    const ledgerId = sha256(utf8('genesis'));
    const message = signedMessage('vote-request', ledgerId, Uint8Array.of(1, 2));
    expect(Buffer.from(message).toString('latin1')).toBe(
      `assent/vote-request/v1\0${Buffer.from(ledgerId).toString('latin1')}\x01\x02`,
    );
  });

  it('differ between kinds and between ledgers', () => {
    const body = utf8('body');
    const ledgers = [sha256(utf8('a')), sha256(utf8('b'))];
    const all = signedKinds.flatMap((kind) => ledgers.map((ledgerId) => toHex(signedMessage(kind, ledgerId, body))));
    expect(new Set(all).size).toBe(signedKinds.length * 2);
  });

  it('refuse what is no kind and no ledger id', () => {
    expect(() => signedMessage('other' as SignedKind, sha256(), utf8(''))).toThrow(InvariantError);
    expect(() => signedMessage('vote', new Uint8Array(31), utf8(''))).toThrow(InvariantError);
  });
});

describe.each([
  ['DID', encodeDid, decodeDid, 'did:assent:z6Mk'],
  ['node id', encodeNodeId, decodeNodeId, '12D3Koo'],
] as const)('%s', (_name, encode, decode, start) => {
  it('is a bijection of keys', () => {
    fc.assert(
      fc.property(key, (publicKey) => {
        const text = encode(publicKey);
        expect(text.startsWith(start)).toBe(true);
        expect(decode(text)).toEqual(publicKey);
      }),
    );
  });

  it('refuses every other text', () => {
    fc.assert(
      fc.property(key, fc.nat(), fc.constantFrom(...'019AZalz :'), (publicKey, place, character) => {
        const text = encode(publicKey);
        const index = place % text.length;
        const changed = text.slice(0, index) + character + text.slice(index + 1);
        const decoded = decode(changed);
        if (decoded !== undefined) expect(encode(decoded)).toBe(changed);
      }),
    );
    const text = encode(new Uint8Array(32).fill(7));
    for (const wrong of ['', text.slice(1), text.slice(0, -1), `${text}1`, ` ${text}`, text.replace('z6', '16'), 'é'])
      expect(decode(wrong) === undefined || wrong === text).toBe(true);
    expect(decode('z'.repeat(1_000_000))).toBeUndefined();
  });
});

describe('commitments', () => {
  it('open with their salt and body and with nothing else', () => {
    const salt = randomBytes(32);
    const commitment = commit(salt, utf8('body'));
    expect(verifyCommitment(commitment, salt, utf8('body'))).toBe(true);
    expect(verifyCommitment(commitment, salt, utf8('Body'))).toBe(false);
    expect(verifyCommitment(commitment, randomBytes(32), utf8('body'))).toBe(false);
    expect(verifyCommitment(commitment, salt.subarray(1), utf8('body'))).toBe(false);
    expect(verifyCommitment(commitment.subarray(1), salt, utf8('body'))).toBe(false);
  });

  it('are hashes in a domain of their own', () => {
    const salt = new Uint8Array(32).fill(9);
    expect(commit(salt, utf8('body'))).toEqual(sha256(utf8('assent/commitment/v1\0'), salt, utf8('body')));
  });
});

describe('sealing', () => {
  const sealingKey = randomBytes(32);

  it('opens what it sealed, and refuses any other key, associated data or byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(), (plain, place) => {
        const sealed = seal(sealingKey, plain, utf8('purpose'));
        expect(unseal(sealingKey, sealed, utf8('purpose'))).toEqual(plain);
        expect(unseal(sealingKey, sealed, utf8('another'))).toBeUndefined();
        expect(unseal(randomBytes(32), sealed, utf8('purpose'))).toBeUndefined();
        const index = place % sealed.length;
        sealed[index] = (sealed[index] as number) ^ 1;
        expect(unseal(sealingKey, sealed, utf8('purpose'))).toBeUndefined();
      }),
    );
    expect(unseal(sealingKey, new Uint8Array(10), utf8(''))).toBeUndefined();
  });

  it('never uses a nonce twice', () => {
    const nonces = Array.from({ length: 100 }, () => toHex(seal(sealingKey, utf8(''), utf8('')).subarray(0, 24)));
    expect(new Set(nonces).size).toBe(100);
  });

  it('derives keys from passphrase, salt and cost by Argon2id', async () => {
    const cost = { operations: 2, memoryBytes: 65_536 };
    const salt = new Uint8Array(16).fill(1);
    const derived = await passphraseKey(utf8('correct horse'), salt, cost);
    expect(await passphraseKey(utf8('correct horse'), salt, cost)).toEqual(derived);
    expect(await passphraseKey(utf8('Correct horse'), salt, cost)).not.toEqual(derived);
    expect(await passphraseKey(utf8('correct horse'), randomBytes(16), cost)).not.toEqual(derived);
    expect(await passphraseKey(utf8('correct horse'), salt, { ...cost, operations: 3 })).not.toEqual(derived);
    wipe(derived);
    expect(derived.every((byte) => byte === 0)).toBe(true);
  });
});

describe('randomness', () => {
  it('comes in the length asked for and below the bound', () => {
    expect(systemRandom.bytes(0)).toHaveLength(0);
    expect(systemRandom.bytes(33)).toHaveLength(33);
    const drawn = new Set(Array.from({ length: 500 }, () => systemRandom.below(5)));
    expect([...drawn].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(() => systemRandom.below(0)).toThrow(InvariantError);
  });
});

describe('constantTimeEqual', () => {
  it('is equality', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (left, right) => {
        expect(constantTimeEqual(left, right)).toBe(toHex(left) === toHex(right));
        expect(constantTimeEqual(left, Uint8Array.from(left))).toBe(true);
      }),
    );
  });
});
