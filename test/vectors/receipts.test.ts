import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { fromHex, latin1Text, present, utf8 } from '../../src/base/index.ts';
import {
  leafHash,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
  verifyRange,
  verifySignature,
  verifySignaturePortable,
} from '../../src/crypto/index.ts';
import { checkCanonical, decodeCanonical } from '../../src/ledger/index.ts';
import { verifyState } from '../../src/ledger/state-proof.ts';
import {
  type Pinned,
  type ReceiptFault,
  receiptKinds,
  verifyReceipt,
  verifySplitView,
} from '../../src/verify/index.ts';
import type { PrimitiveVectors } from '../support/primitive-vectors.ts';
import { vectorFiles } from '../support/vector-files.ts';

const folder = join(import.meta.dirname, 'receipts');
const stored = (name: string): Uint8Array => Uint8Array.from(readFileSync(join(folder, name)));
const parsed = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;

interface IndexEntry {
  readonly name: string;
  readonly file: string;
  readonly pinned: {
    readonly genesisHash?: string;
    readonly checkpoint?: string;
    readonly witnesses?: { readonly keys: readonly string[]; readonly atLeast: number; readonly cosigned?: string };
  };
  readonly expect: 'ok' | ReceiptFault;
  readonly verdict?: { readonly kind: string };
}

function pinnedOf({ pinned: { genesisHash, checkpoint, witnesses } }: IndexEntry): Pinned {
  const cosigned = witnesses?.cosigned === undefined ? {} : { cosigned: stored(witnesses.cosigned) };
  const demand = witnesses && { keys: witnesses.keys.map(bytes), atLeast: witnesses.atLeast, ...cosigned };
  return {
    ...(checkpoint === undefined ? {} : { checkpoint: bytes(checkpoint) }),
    ...(genesisHash === undefined ? {} : { genesisHash: bytes(genesisHash) }),
    ...(demand && { witnesses: demand }),
  };
}

function bytes(text: string): Uint8Array {
  return present(fromHex(text), 'hexadecimal');
}

describe('the vectors of docs/verification.md', () => {
  const index = parsed<IndexEntry[]>('index.json');
  let made: Map<string, Uint8Array>;
  beforeAll(async () => {
    made = await vectorFiles();
  });

  /** `npx node scripts/receipt-vectors.ts` writes them anew after a change of what they are made of. */
  it('are the files that the code makes', () => {
    expect(readdirSync(folder).sort()).toEqual([...made.keys()].sort());
    for (const [name, content] of made) expect(latin1(stored(name)), name).toBe(latin1(content));
  });

  it('have each kind of receipt, and each code', () => {
    const kinds = index.flatMap(({ verdict }) => (verdict === undefined ? [] : [verdict.kind]));
    expect(new Set(kinds)).toEqual(new Set(receiptKinds));
    const codes = new Set(index.map((entry) => entry.expect));
    // Too large is no vector: it would be one of 8 MiB.
    expect(codes.size).toBe(13);
    expect(codes).not.toContain('receipt-too-large');
  });

  it.each(index)('$name: $expect', (entry) => {
    const verdict = verifyReceipt(stored(entry.file), pinnedOf(entry));
    expect(verdict.ok ? 'ok' : verdict.code).toBe(entry.expect);
    if (!verdict.ok) expect(verdict.message).toMatch(/^[A-Z].*\.$/);
    else expect(verifyReceipt(stored(`${entry.name}.json`), pinnedOf(entry))).toEqual(verdict);
  });
});

describe('the vectors of split views', () => {
  const index = parsed<{ name: string; file: string; genesisHash: string; expect: string }[]>('split-views.json');

  it.each(index)('$name: $expect', ({ file, genesisHash, expect: expected }) => {
    const checked = () => verifySplitView(stored(file), bytes(genesisHash));
    if (expected === 'ok') expect(checked()).toMatchObject({ verdict: 'split', height: 3 });
    else expect(checked).toThrow(expect.objectContaining({ code: expected }));
  });
});

describe('the primitive vectors', () => {
  const { encodings, refusedEncodings, signatures, trees, state } = parsed<PrimitiveVectors>('primitives.json');

  it('have one encoding for each value, and none for the others', () => {
    for (const { bytes: text } of encodings) expect(() => decodeCanonical(bytes(text))).not.toThrow();
    for (const { bytes: text, what } of refusedEncodings) expect(() => checkCanonical(bytes(text)), what).toThrow();
  });

  it.each(signatures)('$what: $valid', ({ key, message, signature, valid }) => {
    expect(verifySignature(bytes(key), bytes(message), bytes(signature))).toBe(valid);
    expect(verifySignaturePortable(bytes(key), bytes(message), bytes(signature))).toBe(valid);
  });

  it('have trees with paths that verify', () => {
    for (const { entries, root: rootText, inclusion, consistency, ranges } of trees) {
      const [leaves, root, size] = [entries.map((entry) => leafHash(bytes(entry))), bytes(rootText), entries.length];
      expect(merkleRoot(leaves)).toEqual(root);
      for (const { index, path } of inclusion)
        expect(
          verifyInclusion({ leafHash: leaves[index] as Uint8Array, index, size, path: path.map(bytes), root }),
        ).toBe(true);
      for (const { size: size1, root: root1, path } of consistency)
        expect(verifyConsistency({ size1, root1: bytes(root1), size2: size, root2: root, path: path.map(bytes) })).toBe(
          true,
        );
      for (const { start, end, path } of ranges)
        expect(verifyRange({ leafHashes: leaves.slice(start, end), start, size, path: path.map(bytes), root })).toBe(
          true,
        );
    }
  });

  it('have a state with proofs of what is there and of what is not', () => {
    for (const { key, value, siblings, other } of state.proofs) {
      const proof = {
        siblings: siblings.map((sibling) => (sibling === null ? undefined : bytes(sibling))),
        other: other === null ? undefined : { keyHash: bytes(other.keyHash), valueHash: bytes(other.valueHash) },
      };
      expect(verifyState(bytes(state.root), key, value === null ? undefined : bytes(value), proof)).toBe(true);
      expect(verifyState(bytes(state.root), key, utf8('another'), proof)).toBe(false);
    }
  });
});

/** Compared as text: a difference in large arrays takes long to print. */
function latin1(content: Uint8Array): string {
  let text = '';
  for (let at = 0; at < content.length; at += 4096) text += latin1Text(content.subarray(at, at + 4096));
  return text;
}
