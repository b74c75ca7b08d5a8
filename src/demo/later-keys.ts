import type { Identity } from '../client/index.ts';
import { encodeDid, SEED_BYTES } from '../crypto/portable.ts';
import type { Home } from './home.ts';

/** Attribute of a seed that is, was or may become the key of an identity in the place of its first one. */
export const laterKeyRole = 'later-key';

/**
 * Makes the next key of an identity and keeps it, before anybody is told of it: from then on a crash loses nothing. Asked
 * again for the same place of the identity's history, it gives the same key.
 */
export function nextKey(home: Home, did: string, sequence: number): Identity['signer'] {
  const name = `later/${did.slice(did.lastIndexOf(':') + 1)}/${sequence + 1}`;
  if (!home.keystore.list().some((entry) => entry.name === name)) {
    const seed = home.random.bytes(SEED_BYTES);
    const key = encodeDid(home.createSigner(seed).publicKey);
    home.keystore.putSeed(name, seed, { role: laterKeyRole, did, key });
  }
  return home.createSigner(home.keystore.seed(name));
}
