import { who } from '../receipt-ledger.ts';
import { logKey, type Material, subject } from './material.ts';
import { type ReceiptVector, vectorList } from './vector.ts';

/** Receipts of each kind that hold, from genesis and from a pinned block. */
export async function goodVectors(material: Material): Promise<readonly ReceiptVector[]> {
  const {
    receipts,
    genesis,
    at,
    young,
    third,
    transaction,
    value,
    absence,
    consistency,
    middle,
    below,
    above,
    recovery,
    ofRecovered,
  } = material;
  const { vectors, add } = vectorList();
  add('transaction', 'three configurations old', genesis, transaction);
  add('transaction-head', 'in the certified block itself', genesis, (await receipts.transaction(young)).bytes);
  add('state', 'a value', genesis, value);
  add('state-absent', 'a key that is not there', genesis, absence);
  add('state-older', 'a value as of block 3', genesis, (await receipts.state(logKey, undefined, 3)).bytes);
  add('state-older-absent', 'the same key as of block 2', genesis, (await receipts.state(logKey, undefined, 2)).bytes);
  add('consistency', 'blocks 3 and 10', genesis, consistency);
  add('access-log', 'the whole log', genesis, (await receipts.accessLog({ subject, from: 0, to: undefined })).bytes);
  add('access-log-middle', 'one block of it, with both neighbours', genesis, middle);
  add(
    'access-log-gap',
    'a time without entries',
    genesis,
    (await receipts.accessLog({ subject, from: third + 1, to: third + 2 })).bytes,
  );
  add(
    'access-log-empty',
    'of a subject that has none',
    genesis,
    (await receipts.accessLog({ subject: who('nobody').publicKey, from: 0, to: undefined })).bytes,
  );
  add('checkpoint-below', 'of a block below the pinned one', at(10), below);
  add('checkpoint-above', 'of a block above the pinned one', at(5), above);
  add('checkpoint-genesis', 'from genesis, for whoever has pinned a checkpoint', at(5), transaction);
  add('recovery', 'across a recovery, in generation 1', ofRecovered, recovery);
  return vectors;
}
