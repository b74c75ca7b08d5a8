import { base58btc } from 'multiformats/bases/base58';
import { assert, concatBytes } from '../base/index.ts';

/** Length of an Ed25519 public key. */
export const PUBLIC_KEY_BYTES = 32;

/** A text form of an Ed25519 public key: fixed text, then base58btc of fixed bytes and the key. */
export class KeyText {
  readonly #textPrefix: string;
  readonly #bytePrefix: Uint8Array;
  readonly #lengthMax: number;

  constructor(textPrefix: string, bytePrefix: Uint8Array) {
    this.#textPrefix = textPrefix;
    this.#bytePrefix = bytePrefix;
    // One byte takes at most log(256)/log(58) < 1.37 characters.
    this.#lengthMax = textPrefix.length + Math.ceil((bytePrefix.length + PUBLIC_KEY_BYTES) * 1.37);
  }

  encode(publicKey: Uint8Array): string {
    assert(publicKey.length === PUBLIC_KEY_BYTES, 'an Ed25519 public key is 32 bytes');
    return this.#textPrefix + base58btc.baseEncode(concatBytes(this.#bytePrefix, publicKey));
  }

  /** The key, or undefined when the text is not exactly what {@link encode} writes for it. */
  decode(text: string): Uint8Array | undefined {
    if (text.length > this.#lengthMax || !text.startsWith(this.#textPrefix)) return undefined;
    const encoded = text.slice(this.#textPrefix.length);
    if (!/^[1-9A-HJ-NP-Za-km-z]+$/.test(encoded)) return undefined;
    const bytes = base58btc.baseDecode(encoded);
    if (bytes.length !== this.#bytePrefix.length + PUBLIC_KEY_BYTES) return undefined;
    const publicKey = bytes.slice(this.#bytePrefix.length);
    // Writing it again checks the byte prefix too, and that base58 said it in the one canonical way.
    return this.encode(publicKey) === text ? publicKey : undefined;
  }
}
