import { concatBytes } from '../../../src/base/index.ts';
import { encodeCanonical } from '../../../src/ledger/index.ts';
import { flipped } from './editing.ts';
import type { Material } from './material.ts';
import { type ReceiptVector, vectorList } from './vector.ts';

/** What is pinned is another, or the bytes are no receipt. */
export function brokenFormVectors(material: Material): readonly ReceiptVector[] {
  const { genesis, ofRecovered, at, transaction, absence, below, above } = material;
  const { vectors, add } = vectorList();
  add('broken-other-genesis', 'another genesis is pinned', ofRecovered, transaction, 'receipt-of-another-ledger');
  add('broken-other-checkpoint', 'another checkpoint is pinned', at(9), below, 'receipt-of-another-ledger');
  add('broken-checkpoint-above', 'another checkpoint is pinned', at(6), above, 'receipt-of-another-ledger');
  add('broken-unpinned', 'made for a checkpoint, and a genesis is pinned', genesis, below, 'receipt-of-another-ledger');
  add('broken-cut', 'the last byte is missing', genesis, transaction.slice(0, -1), 'receipt-malformed');
  add('broken-longer', 'a byte follows', genesis, concatBytes(transaction, Uint8Array.of(0)), 'receipt-malformed');
  add('broken-version', 'version 2', genesis, transaction.with(1, 2), 'receipt-malformed');
  add(
    'broken-kind',
    'an unknown kind',
    genesis,
    encodeCanonical([1, 'assent-receipt', 'promise', new Uint8Array(1), null, [], [], null, [], new Uint8Array(32)]),
    'receipt-malformed',
  );
  add(
    'broken-not-canonical',
    'the version in a longer form',
    genesis,
    concatBytes(transaction.slice(0, 1), Uint8Array.of(0xcc, 1), transaction.slice(2)),
    'receipt-malformed',
  );

  add(
    'broken-digest',
    'all holds, and the digest is another: damage on the way',
    genesis,
    flipped(absence, absence.length - 1),
    'receipt-malformed',
  );
  return vectors;
}
