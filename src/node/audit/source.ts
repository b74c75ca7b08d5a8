import type { BlockCertificate } from '../../consensus/index.ts';

/** A block as its source has it. */
export interface SourceBlock {
  /** The block as it travelled; with zeros for a signature that the source does not have. */
  readonly bytes: Uint8Array;
  /** Whether its header's signature is there: an archive may have come without. */
  readonly isSigned: boolean;
}

/** Where the blocks of a ledger come from: a directory, an archive, a running node. */
export interface BlockSource {
  /** For people: what it is. */
  readonly name: string;
  /** The first block that it has. */
  readonly firstHeight: number;
  /** The newest one. */
  readonly height: number;
  /** The bytes of these blocks, both included, ascending; it ends early where one is missing. */
  blocks(from: number, to: number): AsyncIterable<SourceBlock>;
  /** A certificate of one of the newest blocks, where it has one: blocks cite only what was certified before them. */
  readonly certificate: BlockCertificate | undefined;
  close(): Promise<void>;
}

/** What the first has, then what the second has above that: a node that gave up blocks, and the archive that has them. */
export function joinedSource(first: BlockSource, second: BlockSource): BlockSource {
  return {
    name: `${first.name} and ${second.name}`,
    firstHeight: first.firstHeight,
    height: second.height,
    certificate: second.certificate ?? first.certificate,
    async *blocks(from, to) {
      const end = Math.min(to, second.firstHeight - 1);
      if (from <= end) yield* first.blocks(from, end);
      if (to > end) yield* second.blocks(Math.max(from, end + 1), to);
    },
    async close() {
      await first.close();
      await second.close();
    },
  };
}
