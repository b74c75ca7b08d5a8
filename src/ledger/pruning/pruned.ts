import { AssentError, utf8 } from '../../base/index.ts';
import { type Operation, prefixedKey, type Store } from '../../storage/index.ts';
import { decodeCanonical, encodeCanonical } from '../codec/index.ts';

/** How far the history of a ledger was given up here: it stands in the archive. */
export interface Pruned {
  /** Blocks up to this height, with what was made of them, are not read any more; 0 where none were given up. */
  readonly through: number;
  /** Up to this height nothing of them is left in the store. */
  readonly sweptThrough: number;
}

const prunedKey: Uint8Array = prefixedKey('meta', utf8('pruned'));
const version = 1;
const limits = { bytesMax: 64, depthMax: 1, countMax: 4 };

/** Throws `storage-damaged`. */
export function readPruned(store: Pick<Store, 'get'>): Pruned {
  const bytes = store.get(prunedKey);
  if (bytes === undefined) return { through: 0, sweptThrough: 0 };
  const value = decodeCanonical(bytes, limits);
  const [found, through, sweptThrough] = Array.isArray(value) ? value : [];
  if (found !== version || typeof through !== 'number' || typeof sweptThrough !== 'number')
    throw new AssentError('storage-damaged', 'the record of what was pruned is not readable');
  return { through, sweptThrough };
}

export function putPruned({ through, sweptThrough }: Pruned): Operation {
  return { type: 'put', key: prunedKey, value: encodeCanonical([version, through, sweptThrough]) };
}
