import { hkdf } from '@noble/hashes/hkdf.js';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { assert, concatBytes, latin1Bytes, latin1Text, utf8 } from '../base/index.ts';

/** Length of a SHA-256 digest. */
export const HASH_BYTES = 32;

const HKDF_BYTES_MAX = 255 * HASH_BYTES;

type NodeHash = (algorithm: string, data: Uint8Array | string, encoding: 'binary') => string;

// Looked up at run time, so that bundlers for the browser see no Node module.
const nodeHash: NodeHash | undefined = globalThis.process?.getBuiltinModule?.('node:crypto')?.hash;

/** SHA-256 of the concatenated parts: 32 bytes. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  return digest(parts.length === 1 && first !== undefined ? first : joined(parts));
}

const scratch = new Uint8Array(4096);

/**
 * The parts in one piece, to be hashed at once: the next call may reuse the memory. V8 keeps arrays above 64 bytes outside
 * its heap, so that making one for a tree node costs more than hashing it.
 */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  if (length > scratch.length) return concatBytes(...parts);
  let offset = 0;
  for (const part of parts) {
    scratch.set(part, offset);
    offset += part.length;
  }
  return scratch.subarray(0, length);
}

// Node hands a digest over as a Latin-1 string several times faster than as a Buffer: no memory outside the heap.
const digest: (data: Uint8Array) => Uint8Array =
  nodeHash === undefined ? nobleSha256 : (data) => latin1Bytes(nodeHash('sha256', data, 'binary'));

/**
 * SHA-256 of the bytes, or of the text's UTF-8, as 32 Latin-1 characters, one a byte: for what holds many digests, since
 * V8 keeps a fifth of the memory for them that an array takes.
 */
export const sha256Latin1: (data: Uint8Array | string) => string =
  nodeHash === undefined
    ? (data) => latin1Text(nobleSha256(typeof data === 'string' ? utf8(data) : data))
    : (data) => nodeHash('sha256', data, 'binary');

/** HMAC-SHA-256 (RFC 2104): 32 bytes. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array {
  return hmac(nobleSha256, key, message);
}

/** HKDF-SHA-256 (RFC 5869), extract and expand. `info` separates the purposes; at most 8160 bytes come out. */
export function hkdfSha256(
  secret: Uint8Array,
  salt: Uint8Array | undefined,
  info: Uint8Array,
  lengthBytes: number,
): Uint8Array {
  assert(lengthBytes > 0 && lengthBytes <= HKDF_BYTES_MAX, 'HKDF-SHA-256 yields 1 to 8160 bytes');
  return hkdf(nobleSha256, secret, salt, info, lengthBytes);
}
