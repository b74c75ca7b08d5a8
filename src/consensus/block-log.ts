import { assert, equalBytes, present } from '../base/index.ts';
import type { ConfigurationChange, RestoredState } from './options.ts';
import { tipOf } from './statements.ts';
import type { BlockReference, ChainReader, Hash, Tip } from './types.ts';

/**
 * The node's own chain: what is durable, read through the port, and above it what is on its way to the disk. Every block
 * in it was executed here. The newest blocks are kept in memory.
 */
export class BlockLog {
  readonly #chain: ChainReader;
  readonly #genesis: Tip;
  readonly #recentBlocksMax: number;
  /** Blocks from `#firstHeight` to the tip. */
  #recent: BlockReference[] = [];
  #firstHeight: number;
  #tip: Tip;
  /** Every block of this chain up to here is synced. */
  #durableHeight: number;
  readonly #changes: ConfigurationChange[];
  /** Blocks below it are not kept: a snapshot or an archive stands for them. */
  #baseHeight: number;

  constructor(
    chain: ChainReader,
    ledgerId: Hash,
    restored: Pick<RestoredState, 'tip' | 'changes' | 'baseHeight'>,
    recentBlocksMax: number,
  ) {
    const { tip, changes, baseHeight } = restored;
    this.#chain = chain;
    this.#genesis = { term: 0, height: 0, hash: ledgerId };
    this.#recentBlocksMax = recentBlocksMax;
    this.#tip = tip.height === 0 ? this.#genesis : tip;
    this.#firstHeight = tip.height + 1;
    this.#durableHeight = tip.height;
    this.#changes = [...changes];
    this.#baseHeight = baseHeight;
  }

  get tip(): Tip {
    return this.#tip;
  }

  /** The changes of the configuration along the chain, ascending, also those below what is kept. */
  get changes(): readonly ConfigurationChange[] {
    return this.#changes;
  }

  /** The lowest block that is kept; blocks below it are certified, and unknown. */
  get baseHeight(): number {
    return this.#baseHeight;
  }

  /** Blocks below this height, all certified long since, are not read any more. */
  raiseBase(height: number): void {
    assert(height <= this.#firstHeight, 'what is not read any more is not in memory either');
    this.#baseHeight = Math.max(this.#baseHeight, height);
  }

  /** The newest change at or below a height; 0 when the configuration is still the first. */
  changeHeightAt(height: number): number {
    return this.#changes.findLast((change) => change.height <= height)?.height ?? 0;
  }

  get durableHeight(): number {
    return this.#durableHeight;
  }

  get durableTip(): Tip {
    return present(this.tipAt(this.#durableHeight), 'the durable chain is readable');
  }

  /** The block at this height; undefined at 0, above the tip, and below what is kept. */
  at(height: number): BlockReference | undefined {
    if (height > this.#tip.height || height < this.#baseHeight) return undefined;
    if (height >= this.#firstHeight) return this.#recent[height - this.#firstHeight];
    return this.#chain.reference(height);
  }

  /** The chain's end as if it were cut at this height. */
  tipAt(height: number): Tip | undefined {
    if (height === 0 && this.#baseHeight === 1) return this.#genesis;
    const block = this.at(height);
    return block && tipOf(block);
  }

  has(height: number, hash: Hash): boolean {
    if (height === 0) return equalBytes(hash, this.#genesis.hash);
    const block = this.at(height);
    return block !== undefined && equalBytes(block.hash, hash);
  }

  append(block: BlockReference): void {
    assert(block.height === this.#tip.height + 1 && equalBytes(block.parentHash, this.#tip.hash), 'blocks are linked');
    assert(block.term >= this.#tip.term, 'terms never fall along a chain');
    this.#recent.push(block);
    const { height, configurationHash } = block;
    if (block.justification.configuration !== undefined) this.#changes.push({ height, configurationHash });
    this.#tip = tipOf(block);
  }

  /** Cuts the chain and gives what it lost, lowest first. */
  truncateAbove(height: number): BlockReference[] {
    const lost: BlockReference[] = [];
    for (let lostHeight = height + 1; lostHeight <= this.#tip.height; lostHeight++) {
      lost.push(present(this.at(lostHeight), 'what is cut is readable'));
    }
    this.#tip = present(this.tipAt(height), 'a chain is cut at a block that it keeps');
    this.#recent.length = Math.max(0, height + 1 - this.#firstHeight);
    this.#firstHeight = Math.min(this.#firstHeight, height + 1);
    this.#durableHeight = Math.min(this.#durableHeight, height);
    while ((this.#changes.at(-1)?.height ?? 0) > height) this.#changes.pop();
    return lost;
  }

  synced(height: number): void {
    assert(height <= this.#tip.height, 'what is synced is in the chain');
    this.#durableHeight = Math.max(this.#durableHeight, height);
  }

  /** Forgets blocks below what is certified and durable, but for the most recent. */
  trimBelow(certifiedHeight: number): void {
    const keepFrom = Math.min(certifiedHeight, this.#durableHeight) - this.#recentBlocksMax;
    // Twice the bound before it is cut to the bound, so that the cost per block is constant.
    if (keepFrom - this.#firstHeight < this.#recentBlocksMax) return;
    this.#recent.splice(0, keepFrom - this.#firstHeight);
    this.#firstHeight = keepFrom;
  }

  /** Sum of the sizes of the blocks above a height. */
  bytesAbove(height: number): number {
    let bytes = 0;
    for (let above = height + 1; above <= this.#tip.height; above++) bytes += this.at(above)?.byteLength ?? 0;
    return bytes;
  }
}
