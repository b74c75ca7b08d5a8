import { expect, it } from 'vitest';
import { type CanonicalValue, decodeCanonical, encodeCanonical, SnapshotSink } from '../../../src/ledger/index.ts';
import { MemoryStore } from '../../../src/storage/index.ts';
import { fill, Node } from './snapshot-support.ts';

const invalid = expect.objectContaining({ code: 'snapshot-invalid' });

/** A ledger of two blocks. */
async function filled(): Promise<Node> {
  const node = await Node.begin(new MemoryStore());
  for (const to of [10, 3]) await node.grow([fill(0, to, 40)]);
  return node;
}

/** The manifest with another frontier of the blocks before. */
function withHistory(
  manifest: Uint8Array,
  change: (size: number, peaks: readonly Uint8Array[]) => CanonicalValue,
): Uint8Array {
  const fields = decodeCanonical(manifest) as readonly CanonicalValue[];
  const [size, peaks] = fields[4] as [number, readonly Uint8Array[]];
  return encodeCanonical([...fields.slice(0, 4), change(size, peaks)]);
}

it.each<[how: string, change: (bytes: Uint8Array) => Uint8Array]>([
  ['cut short', (bytes) => bytes.subarray(0, -1)],
  ['with another version', (bytes) => Uint8Array.of(bytes[0] as number, 9, ...bytes.subarray(2))],
  ['with another history', (bytes) => bytes.with(bytes.length - 1, (bytes.at(-1) as number) ^ 1)],
  ['with a history of another size', (bytes) => withHistory(bytes, (size, peaks) => [size + 1, peaks])],
  ['with too few peaks', (bytes) => withHistory(bytes, (size, [, ...peaks]) => [size, peaks])],
  [
    'with peaks that are no hashes',
    (bytes) => withHistory(bytes, (size, peaks) => [size, peaks.map((peak) => peak.subarray(1))]),
  ],
])('a sink refuses a manifest %s', async (_, change) => {
  const source = await (await filled()).source();
  const sink = await (await Node.begin(new MemoryStore())).sink();
  expect(() => sink.begin(change(source.manifest.bytes))).toThrow(invalid);
  expect(sink.manifest).toBeUndefined();
});

it('a sink refuses the snapshot of another ledger', async () => {
  const source = await (await filled()).source();
  const sink = await SnapshotSink.open(
    (await Node.begin(new MemoryStore())).store,
    new Uint8Array(32),
    async () => undefined,
  );
  expect(() => sink.begin(source.manifest.bytes)).toThrow(invalid);
});
