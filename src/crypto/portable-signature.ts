import { getPublicKey, hashes, Point, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { assert, concatBytes, equalBytes } from '../base/index.ts';
import { PUBLIC_KEY_BYTES } from './key-text.ts';
import { SEED_BYTES, SIGNATURE_BYTES, type Signer } from './signature.ts';

hashes.sha512 = sha512;

const { n: L } = Point.CURVE();

/** A signer that runs anywhere. Signatures are the same bytes as those of the Node signer. */
export function createPortableSigner(seed: Uint8Array): Signer {
  assert(seed.length === SEED_BYTES, 'an Ed25519 seed is 32 bytes');
  const secret = Uint8Array.from(seed);
  return { publicKey: getPublicKey(secret), sign: (message) => sign(message, secret) };
}

/**
 * libsodium's verdict, anywhere (protocol.md §1): the cofactorless equation of RFC 8032 §5.1.7, R' = [S]B - [k]A, and
 * R' compared with R as bytes. Beyond the equation S must be below L, A canonical, A and R not of small order.
 */
export function verifySignaturePortable(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  const encodedR = signature.subarray(0, 32);
  const S = littleEndian(signature.subarray(32));
  if (S >= L) return false;
  const A = decodePoint(publicKey);
  if (A === undefined || A.isSmallOrder()) return false;
  const k = littleEndian(sha512(concatBytes(encodedR, publicKey, message))) % L;
  const expectedR = Point.BASE.multiplyUnsafe(S).add(A.multiplyUnsafe(k).negate());
  // Equal bytes make R canonical, and make its order that of R'.
  return equalBytes(expectedR.toBytes(), encodedR) && !expectedR.isSmallOrder();
}

/** RFC 8032 §5.1.3 decoding: canonical encodings of points on the curve only. */
function decodePoint(encoded: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(encoded);
  } catch {
    return undefined; // The library says "not a point" by throwing.
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index] as number);
  return value;
}
