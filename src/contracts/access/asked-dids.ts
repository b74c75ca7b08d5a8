import { fromHex, present, toHex } from '../../base/index.ts';
import { decodeDid, encodeDid } from '../../crypto/portable.ts';

/** A DID and its key, as text and bytes. */
interface Known {
  readonly did: string;
  readonly key: Uint8Array;
}

/** When there are more, all are forgotten. */
const knownMax = 4096;
/** By DID, and by the key in hexadecimal, whose length none of the DIDs has. */
const known = new Map<string, Known>();

/*
 * DIDs of questions: base58 takes as long as the rest of a decision, and about the same people many questions are asked. Who
 * is given a key here only reads it.
 */

/** The key of a DID; see {@link decodeDid}. */
export function askedKey(did: string): Uint8Array | undefined {
  const before = known.get(did);
  if (before !== undefined) return before.key;
  const key = decodeDid(did);
  if (key !== undefined) remember({ did, key });
  return key;
}

/** The DID of a key in hexadecimal. */
export function askedDid(keyHex: string): string {
  const before = known.get(keyHex);
  if (before !== undefined) return before.did;
  const key = present(fromHex(keyHex), 'a key in hexadecimal');
  const did = encodeDid(key);
  remember({ did, key });
  return did;
}

function remember(one: Known): void {
  if (known.size > 2 * knownMax) known.clear();
  known.set(one.did, one);
  known.set(toHex(one.key), one);
}
