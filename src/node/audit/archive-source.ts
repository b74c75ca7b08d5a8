import { AssentError } from '../../base/index.ts';
import { decodeBlockCertificate } from '../../consensus/index.ts';
import { SIGNATURE_BYTES } from '../../crypto/index.ts';
import { ArchiveReader, type ChunkRange, encodeBlock } from '../../ledger/index.ts';
import type { ArchiveStore } from '../../storage/index.ts';
import type { BlockSource } from './source.ts';

/**
 * The blocks of an archive, as far as its chunks follow one another from the first. Every chunk is checked as it is read:
 * it is, byte for byte, the one that its blocks give. Throws `archive-damaged`.
 */
export async function archiveSource(store: ArchiveStore, ledgerId: Uint8Array, name: string): Promise<BlockSource> {
  const reader = await ArchiveReader.open(store, ledgerId);
  const ranges = withoutGap(reader.ranges);
  const [first] = ranges;
  const last = ranges.at(-1);
  const certificates = (last && (await reader.signatures(last)))?.blockCertificates ?? [];
  const newest = certificates.at(-1);
  return {
    name,
    firstHeight: first?.first ?? 1,
    height: last?.last ?? 0,
    certificate: newest === undefined ? undefined : decodeBlockCertificate(newest),
    async *blocks(from, to) {
      for (const range of ranges) {
        if (range.last < from || range.first > to) continue;
        const chunk = await reader.chunk(range);
        const signatures = (await reader.signatures(range))?.headerSignatures;
        for (let height = Math.max(from, range.first); height <= Math.min(to, range.last); height++) {
          const block = chunk.block(height);
          const headerSignature = signatures?.[height - range.first];
          const { headerBytes, justification, transactionBytes: transactions } = block;
          const bytes = encodeBlock({
            headerBytes,
            headerSignature: headerSignature ?? new Uint8Array(SIGNATURE_BYTES),
            justification,
            transactions,
          });
          yield { bytes, isSigned: headerSignature !== undefined };
        }
      }
    },
    close: () => Promise.resolve(),
  };
}

function withoutGap(ranges: readonly ChunkRange[]): readonly ChunkRange[] {
  const gap = ranges.findIndex(({ first }, index) => index > 0 && ranges[index - 1]?.last !== first - 1);
  return gap === -1 ? ranges : ranges.slice(0, gap);
}

/** An archive that cannot be read is a fault of what is verified. */
export function isDamagedArchive(error: unknown): error is AssentError {
  return error instanceof AssentError && error.code === 'archive-damaged';
}
