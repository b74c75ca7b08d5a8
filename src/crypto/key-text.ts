import { assert, concatBytes } from '../base/index.ts';
import { decodeBase58, encodeBase58 } from './base58.ts';

/** Length of an Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32;

/** A text form of an Ed25519 public key: fixed text, then base58btc of fixed bytes and the key. */
export interface KeyText {
  readonly text: string;
  readonly bytes: Uint8Array;
}

export function encodeKey({ text, bytes }: KeyText, publicKey: Uint8Array): string {
  assert(publicKey.length === PUBLIC_KEY_BYTES, 'an Ed25519 public key is 32 bytes');
  return text + encodeBase58(concatBytes(bytes, publicKey));
}

/** The key, or undefined when the text is not exactly what {@link encodeKey} writes for it. */
export function decodeKey(form: KeyText, text: string): Uint8Array | undefined {
  // One byte takes at most log(256)/log(58) < 1.37 characters.
  const lengthMax = form.text.length + Math.ceil((form.bytes.length + PUBLIC_KEY_BYTES) * 1.37);
  if (text.length > lengthMax || !text.startsWith(form.text)) return undefined;
  const bytes = decodeBase58(text.slice(form.text.length));
  if (bytes?.length !== form.bytes.length + PUBLIC_KEY_BYTES) return undefined;
  const publicKey = bytes.slice(form.bytes.length);
  // Writing it again checks the fixed bytes too, and that base58 said it in the one canonical way.
  return encodeKey(form, publicKey) === text ? publicKey : undefined;
}
