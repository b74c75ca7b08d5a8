import { createHash } from 'node:crypto';
import { fromUtf8, utf8 } from '../../../src/base/index.ts';
import { keyPrefixes, prefixRange } from '../../../src/storage/index.ts';
import type { SimulatedDisk } from '../../support/simulated-store.ts';

const empty = Buffer.alloc(32);

/** The two places that a state can lie in: a snapshot is staged in the one that is free. */
const stateNames = ['state', 'otherState'] as const;

/**
 * The root of the state that a disk holds, from nothing but its keys and values: an independent rendering of the sparse
 * Merkle tree with compact leaves (protocol.md §7), slow and short.
 */
export function stateRootOf(disk: SimulatedDisk, space: 0 | 1): string {
  const prefix = keyPrefixes[stateNames[space]];
  const leaves = disk
    .entries(Uint8Array.of(prefix), Uint8Array.of(prefix + 1))
    .map(([key, value]) => ({ path: sha256(textOf(key)), valueHash: sha256(value) }));
  return subtree(leaves, 0).toString('hex');
}

/** What a key on the disk says: a hash in it stands as its bytes, behind 0x80. */
function textOf(key: Uint8Array): Buffer {
  const stored = Buffer.from(key.subarray(1)).toString('latin1');
  return Buffer.from(
    stored.replace(/\x80([\s\S]{32})/g, (_, hash: string) => Buffer.from(hash, 'latin1').toString('hex')),
  );
}

/** The values of the simulator's rules on a disk, as `key=value`, sorted. */
export function valuesOf(disk: SimulatedDisk, space: 0 | 1): string[] {
  const { from, to } = prefixRange(stateNames[space], utf8('sim/value/'));
  return disk
    .entries(from, to)
    .map(([key, value]) => `${fromUtf8(key.subarray(from.length))}=${Buffer.from(value).toString('hex')}`)
    .sort();
}

function subtree(leaves: readonly { readonly path: Buffer; readonly valueHash: Buffer }[], depth: number): Buffer {
  const [only] = leaves;
  if (only === undefined) return empty;
  if (leaves.length === 1) return sha256(Uint8Array.of(0), only.path, only.valueHash);
  const isRight = ({ path }: { readonly path: Buffer }): boolean =>
    (((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1) === 1;
  const left = leaves.filter((leaf) => !isRight(leaf));
  return sha256(Uint8Array.of(1), subtree(left, depth + 1), subtree(leaves.filter(isRight), depth + 1));
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
