import { describe, expect, it } from 'vitest';
import {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
} from '../../src/crypto/index.ts';
import { hasVectors, listJson, readJson } from '../support/vectors.ts';

interface Vector {
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
  readonly root: string;
  readonly root1: string;
  readonly root2: string;
  readonly leafHash: string;
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly size: number;
  readonly size1: number;
  readonly size2: number;
  readonly start: number;
  readonly end: number;
}

const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'));
const path = (vector: Vector): Uint8Array[] => (vector.proof ?? []).map(base64);

const families: readonly [folder: string, count: number, verify: (vector: Vector) => boolean][] = [
  [
    'inclusion',
    98,
    (vector) =>
      verifyInclusion({
        leafHash: base64(vector.leafHash),
        index: vector.leafIdx,
        size: vector.treeSize,
        path: path(vector),
        root: base64(vector.root),
      }),
  ],
  [
    'consistency',
    98,
    (vector) =>
      verifyConsistency({
        size1: vector.size1,
        root1: base64(vector.root1),
        size2: vector.size2,
        root2: base64(vector.root2),
        path: path(vector),
      }),
  ],
  [
    'subtreeinclusion',
    204,
    (vector) =>
      verifySubtreeInclusion({
        leafHash: base64(vector.leafHash),
        index: vector.leafIdx,
        start: vector.start,
        end: vector.end,
        path: path(vector),
        root: base64(vector.root),
      }),
  ],
  [
    'subtreeconsistency',
    118,
    (vector) =>
      verifySubtreeConsistency({
        start: vector.start,
        end: vector.end,
        subtreeRoot: base64(vector.root1),
        size: vector.size,
        root: base64(vector.root2),
        path: path(vector),
      }),
  ],
];

describe.skipIf(!hasVectors('rfc6962-merkle'))('transparency-dev/merkle proofs, 518 in all', () => {
  it.each(families)('%s: %i proofs', (folder, count, verify) => {
    const files = listJson(`rfc6962-merkle/testdata/${folder}`);
    expect(files).toHaveLength(count);
    for (const file of files) {
      const vector = readJson<Vector>(file);
      expect(verify(vector), `${file}: ${vector.desc}`).toBe(!vector.wantErr);
    }
  });
});
