import { uint64Bytes, utf8 } from '../../../../src/base/index.ts';
import { leafHash, merkleRoot, sha256 } from '../../../../src/crypto/index.ts';
import {
  type ChunkBlock,
  ChunkBuilder,
  encodeCanonical,
  encodeHeader,
  finished,
} from '../../../../src/ledger/index.ts';
import { genesis, put, type signed } from '../fixture.ts';

const zero = new Uint8Array(32);

/** Blocks that follow one another from a height on; nothing executed them. */
export function chain(
  from: number,
  count: number,
  options: {
    readonly parentHash?: Uint8Array;
    readonly transactions?: (height: number) => ReturnType<typeof signed>[];
  } = {},
): ChunkBlock[] {
  const { transactions = (height) => (height % 100 === 0 ? [put(`key/${height}`, 1).bytes] : []) } = options;
  const blocks: ChunkBlock[] = [];
  let { parentHash = genesis.ledgerId } = options;
  for (let height = from; height < from + count; height++) {
    const transactionBytes = transactions(height);
    const resultBytes = transactionBytes.map((_, index) =>
      encodeCanonical(index % 2 === 0 ? [1, true, height] : [1, false, 'no-luck', 'has-luck']),
    );
    const justification = utf8(`why ${height}`);
    const header = {
      ledgerId: genesis.ledgerId,
      height,
      term: 1,
      parentHash,
      timestamp: 1_000_000 + height,
      proposer: zero,
      transactionsRoot: rootOf(transactionBytes),
      transactionCount: transactionBytes.length,
      resultsRoot: rootOf(resultBytes),
      stateRoot: sha256(uint64Bytes(height)),
      historyRoot: zero,
      configurationHash: zero,
      justificationHash: sha256(justification),
    };
    const headerBytes = encodeHeader(header);
    const hash = sha256(headerBytes);
    blocks.push({ header, headerBytes, hash, justification, transactionBytes, resultBytes });
    parentHash = hash;
  }
  return blocks;
}

function rootOf(items: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(items.map((item) => leafHash(item)));
}

/** The chunks of these blocks, as far as they are full. */
export function chunksOf(blocks: readonly ChunkBlock[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let builder = new ChunkBuilder(genesis.ledgerId);
  for (const block of blocks) {
    builder.add(block);
    if (!builder.isFull) continue;
    chunks.push(finished(builder));
    builder = new ChunkBuilder(genesis.ledgerId);
  }
  return chunks;
}
