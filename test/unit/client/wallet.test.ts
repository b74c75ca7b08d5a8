import { hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AssentError, concatBytes, toHex, utf8 } from '../../../src/base/index.ts';
import { buildTransaction, identityOf, Wallet } from '../../../src/client/index.ts';
import { createSigner, sha256, verifySignature } from '../../../src/crypto/index.ts';
import { UnverifiedTransaction, VerifiedTransaction } from '../../../src/ledger/index.ts';
import { SeededRandom } from '../../support/simulated-random.ts';

const ledgerId = sha256(utf8('a ledger'));
const seed = sha256(utf8('a seed'));
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const domain = fc.stringMatching(/^[a-z]{1,20}$/);

describe('a wallet', () => {
  it('gives a domain the HKDF of RFC 5869 over the seed, with ledger and domain as info', () => {
    const info = concatBytes(utf8('assent/wallet/v1\0'), ledgerId, utf8('st-mary'));
    const expected = new Uint8Array(hkdfSync('sha256', seed, new Uint8Array(), info, 32));
    expect(new Wallet({ seed, ledgerId }).identityFor('st-mary').did).toBe(identityOf(expected).did);
  });

  it('is the same after a restore, whatever was asked of it before and whoever signs', () => {
    fc.assert(
      fc.property(bytes32, fc.uniqueArray(domain, { minLength: 2, maxLength: 5 }), (walletSeed, domains) => {
        const before = new Wallet({ seed: walletSeed, ledgerId });
        const after = new Wallet({ seed: walletSeed, ledgerId, createSigner });
        const dids = domains.map((name) => before.identityFor(name).did);
        expect(domains.toReversed().map((name) => after.identityFor(name).did)).toEqual(dids.toReversed());
      }),
      { numRuns: 20 },
    );
  });

  it('is a different stranger to every domain, on every ledger', () => {
    fc.assert(
      fc.property(fc.uniqueArray(domain, { minLength: 2, maxLength: 6 }), bytes32, (domains, otherLedger) => {
        const wallets = [
          new Wallet({ seed, ledgerId, createSigner }),
          new Wallet({ seed, ledgerId: otherLedger, createSigner }),
        ];
        const dids = wallets.flatMap((wallet) => domains.map((name) => wallet.identityFor(name).did));
        expect(new Set(dids).size).toBe(dids.length);
      }),
      { numRuns: 20 },
    );
  });

  it('keeps its seed although the caller wipes his', () => {
    const callers = Uint8Array.from(seed);
    const wallet = new Wallet({ seed: callers, ledgerId });
    callers.fill(0);
    expect(wallet.identityFor('a').did).toBe(new Wallet({ seed, ledgerId }).identityFor('a').did);
  });
});

describe('a transaction that a wallet signs', () => {
  const request = { ledgerId, kind: 'consent.revoke', payload: [1, 'x'], validUntil: 1_800_000_000_000 };

  it.each([
    ['portable', undefined],
    ['of Node', createSigner],
  ])('passes the ledger, signer %s', (_name, create) => {
    const identity = new Wallet({
      seed,
      ledgerId,
      ...(create === undefined ? {} : { createSigner: create }),
    }).identityFor('st-mary');
    const built = buildTransaction({ ...request, signer: identity.signer, random: new SeededRandom(1) });
    const read = new UnverifiedTransaction(built.bytes);
    expect(VerifiedTransaction.verify(read, ledgerId, identity.publicKey, verifySignature).idHex).toBe(built.id);
    expect(read).toMatchObject({ kind: 'consent.revoke', payload: [1, 'x'], validUntil: built.validUntil });
    expect(() => VerifiedTransaction.verify(read, sha256(ledgerId), identity.publicKey, verifySignature)).toThrow(
      AssentError,
    );
  });

  it('has a fresh id each time, and the same one under the same salt', () => {
    const { signer } = identityOf(seed);
    const salt = new SeededRandom(3).bytes(16);
    expect(buildTransaction({ ...request, signer }).id).not.toBe(buildTransaction({ ...request, signer }).id);
    const [first, second] = [
      buildTransaction({ ...request, signer, salt }),
      buildTransaction({ ...request, signer, salt }),
    ];
    expect(toHex(first.bytes)).toBe(toHex(second.bytes));
  });

  it('is refused before it is sent when no node would take it', () => {
    const payload = [1, new Uint8Array(64 * 1024)];
    expect(
      buildTransaction({ ...request, kind: 'access.recordBatch', payload, signer: identityOf(seed).signer }).kind,
    ).toBe('access.recordBatch');
    expect(() => buildTransaction({ ...request, payload, signer: identityOf(seed).signer })).toThrow(
      expect.objectContaining({ code: 'transaction-too-large' }),
    );
  });
});
