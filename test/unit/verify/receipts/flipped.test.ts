import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromHex, present, toHex } from '../../../../src/base/index.ts';
import { type VerifySignature, verifySignature } from '../../../../src/crypto/index.ts';
import { type Pinned, verifyReceipt } from '../../../../src/verify/index.ts';

const folder = join(import.meta.dirname, '../../../vectors/receipts');
const bytesOf = (text: string): Uint8Array => present(fromHex(text), 'hexadecimal');

/** The same verdicts as before; most flips leave most signatures as they were. */
function remembering(verify: VerifySignature): VerifySignature {
  const known = new Map<string, boolean>();
  return (key, message, signature) => {
    const asked = `${toHex(key)} ${toHex(signature)} ${toHex(message)}`;
    const verdict = known.get(asked) ?? verify(key, message, signature);
    known.set(asked, verdict);
    return verdict;
  };
}

describe('a receipt of which one bit is another', () => {
  const index = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8')) as {
    readonly name: string;
    readonly file: string;
    readonly expect: string;
    readonly pinned: { readonly genesisHash?: string; readonly checkpoint?: string };
  }[];
  // All bits of the one, and of the others one bit of each byte, or all with ASSENT_ALL_BITS=1: each takes half a minute.
  const strides: Readonly<Record<string, number>> = {
    transaction: 1,
    state: 7,
    'state-absent': 7,
    consistency: 7,
    'access-log-middle': 7,
    'checkpoint-above': 7,
    cosigned: 7,
    recovery: 7,
  };

  it.each(Object.keys(strides))('%s: proves nothing, whichever of its bits it is', { timeout: 300_000 }, (name) => {
    const { file, pinned } = present(
      index.find((entry) => entry.name === name),
      name,
    );
    const by: Pinned =
      pinned.checkpoint === undefined
        ? { genesisHash: bytesOf(pinned.genesisHash ?? '') }
        : { checkpoint: bytesOf(pinned.checkpoint) };
    const bytes = Uint8Array.from(readFileSync(join(folder, file)));
    const verify = remembering(verifySignature);
    expect(verifyReceipt(bytes, by, verify).ok).toBe(true);
    const codes = new Map<string, number>();
    const stride = process.env['ASSENT_ALL_BITS'] === '1' ? 1 : present(strides[name], name);
    for (let bit = 0; bit < 8 * bytes.length; bit += stride) {
      const place = bit >>> 3;
      bytes[place] = (bytes[place] as number) ^ (1 << (bit & 7));
      const verdict = verifyReceipt(bytes, by, verify);
      if (verdict.ok) throw new Error(`it holds with bit ${bit} changed`);
      codes.set(verdict.code, (codes.get(verdict.code) ?? 0) + 1);
      bytes[place] = (bytes[place] as number) ^ (1 << (bit & 7));
    }
    expect(verifyReceipt(bytes, by, verify).ok).toBe(true);
    // Not one code for all: it says what is wrong.
    expect(codes.size).toBeGreaterThan(3);
  });
});
