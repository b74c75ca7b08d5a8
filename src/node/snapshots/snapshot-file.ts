import { AssentError } from '../../base/index.ts';
import { SnapshotChunks, type SnapshotSource } from '../../ledger/index.ts';
import { type ArchiveStore, recordFile } from '../../storage/index.ts';

/** What a snapshot's file begins with; its records are the manifest, then the chunks, each provable by what is before it. */
export const snapshotKind = 'assent-snap-1';
const namePattern = /^snapshot-(\d{12})\.snapshot$/;

export function snapshotName(height: number): string {
  return `snapshot-${String(height).padStart(12, '0')}.snapshot`;
}

/** The height in a snapshot file's name; undefined for another name. */
export function heightOfName(name: string): number | undefined {
  const [, height] = namePattern.exec(name) ?? [];
  return height === undefined ? undefined : Number(height);
}

/** Writes a snapshot into a file, each chunk proved as whoever reads it will prove it. Resolves to the height of its block. */
export async function writeSnapshot(
  place: ArchiveStore,
  source: SnapshotSource,
  pause: () => Promise<void>,
): Promise<number> {
  const { height } = source.manifest.block.header;
  await place.put(snapshotName(height), recordFile(snapshotKind, records(source, pause)));
  return height;
}

async function* records(source: SnapshotSource, pause: () => Promise<void>): AsyncGenerator<Uint8Array> {
  yield source.manifest.bytes;
  const chunks = new SnapshotChunks(source.manifest);
  for (let address = chunks.next; address !== undefined; address = chunks.next) {
    await pause();
    const chunk = await source.chunk(address);
    chunks.take(chunk);
    yield chunk;
  }
}

export function invalidSnapshotFile(reason: string): AssentError {
  return new AssentError('snapshot-invalid', `The snapshot cannot be used: ${reason}; nothing was written.`);
}
