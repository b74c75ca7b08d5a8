import { assert, latin1Text, shortLivedBytes, toHex } from '../base/index.ts';
import { type KeyPrefix, keyPrefixes } from './key-prefixes.ts';

/*
 * Keys that are texts: names, most with a hash in them. LevelDB writes a key each time it merges the table that holds it,
 * so 64 digits of a hash stand there as its 32 bytes, behind a byte that no text has.
 */

const hashDigits = 64;
const hashBytes = 32;
const hashMark = 0x80;

/** The prefix's byte and an ASCII text, with `extraBytes` zeros after it for the caller to fill. */
export function prefixedTextKey(prefix: KeyPrefix, text: string, extraBytes = 0): Uint8Array {
  let length = 1 + extraBytes;
  for (let index = 0; index < text.length; ) {
    const digits = digitsAt(text, index);
    length += digits === hashDigits ? 1 + hashBytes : Math.max(1, digits);
    index += Math.max(1, digits);
  }
  const key = shortLivedBytes(length);
  key[0] = keyPrefixes[prefix];
  let bits = 0;
  let at = 1;
  for (let index = 0; index < text.length; ) {
    const digits = digitsAt(text, index);
    const end = index + Math.max(1, digits);
    if (digits === hashDigits) {
      key[at++] = hashMark;
      for (; index < end; index += 2) key[at++] = hexValueAt(text, index) * 16 + hexValueAt(text, index + 1);
      continue;
    }
    for (; index < end; index++) {
      const code = text.charCodeAt(index);
      bits |= code;
      key[at++] = code;
    }
  }
  assert(bits < 0x80, 'the text of a key is ASCII');
  return key;
}

/** The text of a key that has nothing after it: inverse of {@link prefixedTextKey}. */
export function textOfKey(key: Uint8Array): string {
  let text = '';
  for (let at = 1; at < key.length; ) {
    const mark = key.indexOf(hashMark, at);
    const end = mark < 0 ? key.length : mark;
    text += latin1Text(key.subarray(at, end));
    if (mark >= 0) text += toHex(key.subarray(end + 1, end + 1 + hashBytes));
    at = mark < 0 ? end : end + 1 + hashBytes;
  }
  return text;
}

/** By character code; -1 for what is no lower-case digit. */
const hexValues: Int8Array = Int8Array.from({ length: 0x80 }, (_, code) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(code)),
);

function hexValueAt(text: string, index: number): number {
  return hexValues[text.charCodeAt(index)] ?? -1;
}

/** Digits from here on, at most those of a hash. In fewer than these no hash begins. */
function digitsAt(text: string, index: number): number {
  const end = Math.min(index + hashDigits, text.length);
  let at = index;
  while (at < end && hexValueAt(text, at) >= 0) at += 1;
  return at - index;
}
