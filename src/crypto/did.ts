import { decodeKey, encodeKey, type KeyText } from './key-text.ts';

// multibase 'z' (base58btc) of multicodec 0xed (ed25519-pub, as a varint) and the key, as in did:key.
const didText: KeyText = { text: 'did:assent:z', bytes: /* @__PURE__ */ Uint8Array.of(0xed, 0x01) };

/** `did:assent:z6Mk…` of an inception Ed25519 key (protocol.md §2). */
export function encodeDid(publicKey: Uint8Array): string {
  return encodeKey(didText, publicKey);
}

/** The 32-byte inception key of a DID, or undefined when the text is not exactly a did:assent. */
export function decodeDid(text: string): Uint8Array | undefined {
  return decodeKey(didText, text);
}
