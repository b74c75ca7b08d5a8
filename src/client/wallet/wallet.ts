import { assert, concatBytes, utf8 } from '../../base/index.ts';
import { createPortableSigner, domainPrefix, HASH_BYTES, hkdfSha256, SEED_BYTES } from '../../crypto/portable.ts';
import { type CreateSigner, type Identity, identityOf } from './identity.ts';

const prefix = domainPrefix('wallet');

/**
 * A subject's wallet: one 32-byte seed, one DID for every custodian domain of every ledger, with nothing on a ledger that
 * links them (protocol.md §2).
 *
 * The Ed25519 seed for a domain is HKDF-SHA-256 (RFC 5869) of the wallet's seed, without a salt, with
 * info = "assent/wallet/v1" 0x00 ledgerId domain. The ledger id has a fixed length, so no two pairs share an info; it is
 * in there so that one wallet on two ledgers is two strangers. All of it comes from the seed alone: who restores the
 * seed restores every DID.
 */
export class Wallet {
  readonly #seed: Uint8Array;
  readonly #ledgerId: Uint8Array;
  readonly #createSigner: CreateSigner;
  readonly #identities = new Map<string, Identity>();

  constructor(options: { seed: Uint8Array; ledgerId: Uint8Array; createSigner?: CreateSigner }) {
    assert(options.seed.length === SEED_BYTES, 'the seed of a wallet is 32 bytes');
    assert(options.ledgerId.length === HASH_BYTES, 'a ledger id is a hash');
    this.#seed = Uint8Array.from(options.seed);
    this.#ledgerId = Uint8Array.from(options.ledgerId);
    this.#createSigner = options.createSigner ?? createPortableSigner;
  }

  /** Who the wallet's owner is to this custodian's domain, and to nobody else. */
  identityFor(domain: string): Identity {
    const known = this.#identities.get(domain);
    if (known !== undefined) return known;
    assert(domain !== '', 'a domain has a name');
    const info = concatBytes(prefix, this.#ledgerId, utf8(domain));
    const identity = identityOf(hkdfSha256(this.#seed, undefined, info, SEED_BYTES), this.#createSigner);
    this.#identities.set(domain, identity);
    return identity;
  }
}
