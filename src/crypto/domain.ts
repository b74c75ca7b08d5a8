import { assert, utf8 } from '../base/index.ts';
import { HASH_BYTES } from './hash.ts';

/** What a signature can be of. A signature of one kind never passes for another (protocol.md §1). */
export const signedKinds = [
  'transaction',
  'header',
  'vote-request',
  'vote',
  'ack',
  'nonce',
  'recovery',
  'cosignature',
] as const;

export type SignedKind = (typeof signedKinds)[number];

/** `"assent/<name>/v1" 0x00`: the prefix that separates what is signed or hashed for one purpose from all others. */
export function domainPrefix(name: string): Uint8Array {
  return utf8(`assent/${name}/v1\0`);
}

const prefixes: ReadonlyMap<SignedKind, Uint8Array> = new Map(signedKinds.map((kind) => [kind, domainPrefix(kind)]));

/** The bytes that are signed: `"assent/<kind>/v1" 0x00 ledgerId body` (protocol.md §1). */
export function signedMessage(kind: SignedKind, ledgerId: Uint8Array, body: Uint8Array): Uint8Array {
  const prefix = prefixes.get(kind);
  assert(prefix !== undefined, `unknown kind of signed message: ${kind}`);
  assert(ledgerId.length === HASH_BYTES, 'a ledger id is a hash');
  const message = new Uint8Array(prefix.length + HASH_BYTES + body.length);
  message.set(prefix);
  message.set(ledgerId, prefix.length);
  message.set(body, prefix.length + HASH_BYTES);
  return message;
}
