import { AssentError, present } from '../../base/index.ts';
import type { Identity } from '../../client/index.ts';
import { decodeDid } from '../../crypto/index.ts';
import { type Home, identityNamed, laterKeyRole, linkedIdentities, walletNamed } from '../../demo/index.ts';
import type { KeyEntry, Keystore } from '../../vault/index.ts';
import type { Context } from '../context.ts';
import { shortDid } from '../output/words.ts';
import { recoveredIdentity, withCurrentKey } from './current-key.ts';

/** Attribute of a key that is the seed of a person's wallet: it has another DID in every domain. */
export const walletRole = 'patient';

/** Keys that stand for nobody who acts: seeds and secrets from which others are made. */
const inwardRoles: ReadonlySet<string> = new Set(['event-secret', 'demo-seed', 'agents', laterKeyRole]);

export function isWallet({ attributes }: KeyEntry): boolean {
  return attributes['role'] === walletRole;
}

/** The keys that somebody acts with. */
export function actingKeys(keystore: Keystore): KeyEntry[] {
  return keystore.list().filter(({ attributes }) => !inwardRoles.has(attributes['role'] ?? ''));
}

/**
 * The key of this name, or the only one whose name ends in it after a slash; of several, the one in the role that is
 * needed. Throws `key-unknown`.
 */
export function keyNamed(keystore: Keystore, text: string, role?: string): KeyEntry {
  const keys = actingKeys(keystore);
  const exact = keys.find(({ name }) => name === text);
  if (exact !== undefined) return exact;
  const alike = keys.filter(({ name }) => name.endsWith(`/${text}`));
  const fitting = alike.filter(({ attributes }) => attributes['role'] === role);
  const ending = fitting.length > 0 ? fitting : alike;
  if (ending.length > 1)
    throw new AssentError(
      'key-unknown',
      `"${text}" may be ${ending.map(({ name }) => name).join(' or ')}; give one in full.`,
    );
  const [only] = ending;
  if (only === undefined)
    throw new AssentError('key-unknown', `The keystore in ${keystore.directory} has no key "${text}".`);
  return only;
}

/**
 * Who acts with a key, and signs with what is current: an agent as itself, a person as who they are to the domain, a DID
 * that was recovered to a key of this keystore. Throws `key-unknown`, `usage`.
 */
export async function identityOfKey(
  home: Home,
  text: string,
  domain: string | undefined,
  role?: string,
): Promise<Identity> {
  const publicKey = text.startsWith('did:') ? decodeDid(text) : undefined;
  if (publicKey !== undefined) return recoveredIdentity(home, text, publicKey);
  return withCurrentKey(home, firstIdentityOf(home, text, domain, role));
}

/** Who acts with a key, with its first key: enough to say which DID it is. */
export function firstIdentityOf(home: Home, text: string, domain: string | undefined, role?: string): Identity {
  const key = keyNamed(home.keystore, text, role);
  if (!isWallet(key)) return identityNamed(home, key.name);
  if (domain === undefined)
    throw new AssentError('usage', `${key.name} is somebody else in every domain; say which with --domain.`);
  return walletNamed(home, key.name).identityFor(domain);
}

/** The DID that a text stands for: a DID, the short form of one known here, or a key. */
export function didOf(home: Home, text: string, domain: string | undefined): string {
  if (text.startsWith('did:')) return checkedDid(text);
  if (text.startsWith('z6Mk')) return knownDid(home, text, domain === undefined ? [] : [domain]);
  return firstIdentityOf(home, text, domain).did;
}

/** As {@link didOf}. A DID in full takes no keystore. */
export async function didNamed(context: Context, text: string, domain: string | undefined): Promise<string> {
  return decodeDid(text) === undefined ? didOf(await context.home('read'), text, domain) : text;
}

function checkedDid(text: string): string {
  if (decodeDid(text) === undefined)
    throw new AssentError('usage', `"${text}" is no DID; it looks like did:assent:z6Mk….`);
  return text;
}

/** The DID that begins so, of an agent in this keystore, or of a person in it as one of the domains knows them. */
function knownDid(home: Home, text: string, domains: readonly string[]): string {
  const dids = actingKeys(home.keystore).flatMap((key) => {
    if (!isWallet(key)) return [identityNamed(home, key.name).did];
    const wallet = walletNamed(home, key.name);
    return domains.map((domain) => wallet.identityFor(domain).did);
  });
  const [did, ...others] = dids.filter((known) => known.includes(`:${text}`));
  if (did !== undefined && others.length === 0) return did;
  throw new AssentError(
    'key-unknown',
    `"${text}" is the beginning of ${did === undefined ? 'no DID' : 'several DIDs'} known here; give it in full.`,
  );
}

/** A person as the domains know them. */
export interface Person {
  /** For people: the name in the keystore, else the DID. */
  readonly title: string;
  readonly key: string | undefined;
  readonly dids: readonly string[];
}

/** The person that a text stands for, in every domain that knows them (or in one). */
export async function personNamed(home: Home, text: string, domains: readonly string[]): Promise<Person> {
  if (text.startsWith('did:')) return { title: shortDid(text), key: undefined, dids: [checkedDid(text)] };
  if (text.startsWith('z6Mk')) return { title: text, key: undefined, dids: [knownDid(home, text, domains)] };
  const key = keyNamed(home.keystore, text);
  if (!isWallet(key)) {
    const { did } = identityNamed(home, key.name);
    return { title: titleOf(key), key: key.name, dids: [did] };
  }
  return personOf(home, key, domains);
}

/** Everybody whose wallet is in this keystore and whom one of the domains knows. */
export async function peopleIn(home: Home, domains: readonly string[]): Promise<Person[]> {
  const people: Person[] = [];
  for (const key of home.keystore.list().filter(isWallet)) {
    const person = await personOf(home, key, domains);
    if (person.dids.length > 0) people.push(person);
  }
  return people;
}

async function personOf(home: Home, key: KeyEntry, domains: readonly string[]): Promise<Person> {
  const identities = await linkedIdentities(home, key.name, domains);
  return { title: titleOf(key), key: key.name, dids: identities.map(({ did }) => did) };
}

export function titleOf({ name, attributes }: KeyEntry): string {
  return attributes['title'] ?? name;
}

/** The gateway of a domain: the named key, else the one that this keystore has for it. */
export async function gatewayOf(home: Home, as: string | undefined, domain: string): Promise<Identity> {
  if (as !== undefined) return identityOfKey(home, as, domain, 'gateway');
  const key = home.keystore
    .list()
    .find(({ attributes }) => attributes['role'] === 'gateway' && attributes['domain'] === domain);
  if (key === undefined)
    throw new AssentError('key-unknown', `The keystore has no gateway key of ${domain}; name a key with --as.`);
  return withCurrentKey(home, identityNamed(home, present(key, 'checked').name));
}
