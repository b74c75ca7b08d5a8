/**
 * The archive: immutable files of blocks with their results, the same on every node, and beside each one with what differs
 * from node to node (docs/archive.md).
 */
export { type ArchivedPlace, ArchiveReader, chunkRanges } from './archive-reader.ts';
export { CommittedBlocks, type ReadBlock } from './block-source.ts';
export { ArchiveChunk } from './chunk.ts';
export { type ChunkBlock, ChunkBuilder, finished } from './chunk-builder.ts';
export { chunkGroupBlocks, chunkStartFrom, type NamePlace } from './chunk-format.ts';
export { type ArchivedBlock, damagedArchive, openResult } from './entry.ts';
export { type ChunkRange, chunkName, genesisName, rangeOfName, signaturesName } from './names.ts';
export { type ChunkSignatures, encodeSignatures } from './signatures.ts';
