import { AssentError } from '../../base/index.ts';
import { type Identity, identityOf, provePossession, withKey } from '../../client/index.ts';
import { type Home, laterKeyRole, nextKey } from '../../demo/index.ts';
import { type Submitted, submitAs } from '../ledger/submit.ts';

/**
 * The identity with the key that is current. Where the keystore holds later keys of it, the ledger says which one it is: a
 * rotation whose answer was lost may have happened or not. Throws `key-unknown` when the current one is not here.
 */
export async function withCurrentKey(home: Home, identity: Identity): Promise<Identity> {
  const later = home.keystore
    .list()
    .filter(({ attributes }) => attributes['role'] === laterKeyRole && attributes['did'] === identity.did);
  if (later.length === 0) return identity;
  const { key } = await home.ledger.identity(identity.did);
  if (key === identity.did) return identity;
  const current = later.find(({ attributes }) => attributes['key'] === key);
  if (current === undefined)
    throw new AssentError('key-unknown', `The key that is current for ${identity.did} is not in this keystore.`);
  return withKey(identity, home.createSigner(home.keystore.seed(current.name)));
}

/** Puts a new key in the place of the current one, with which `sender` signs. The new one is kept before anything is sent. */
export async function rotateKey(home: Home, sender: Identity): Promise<{ receipt: Submitted; key: string }> {
  const { version, sequence } = await home.ledger.identity(sender.did);
  const key = nextKey(home, sender.did, sequence);
  const possession = provePossession(home.ledgerId, sender.publicKey, sequence, key);
  const receipt = await submitAs(home, sender, 'identity.rotate', { ...possession, ifVersion: version });
  return { receipt, key: possession.newKey };
}

/** The identity of this DID, of which the keystore has no first key: it was recovered to a key of this keystore. */
export async function recoveredIdentity(home: Home, did: string, publicKey: Uint8Array): Promise<Identity> {
  const later = home.keystore
    .list()
    .find(({ attributes }) => attributes['role'] === laterKeyRole && attributes['did'] === did);
  if (later === undefined) throw new AssentError('key-unknown', `The keystore has no key of ${did}.`);
  return withCurrentKey(home, { did, publicKey, signer: home.createSigner(home.keystore.seed(later.name)) });
}

/** The later key itself, in its own name. Undefined when it is not in this keystore. */
export function laterKeyAlone(home: Home, key: string): Identity | undefined {
  const entry = home.keystore
    .list()
    .find(({ attributes }) => attributes['role'] === laterKeyRole && attributes['key'] === key);
  return entry && identityOf(home.keystore.seed(entry.name), home.createSigner);
}
