import { assert, equalBytes } from '../base/index.ts';
import { tipOf } from './statements.ts';
import type { BlockCertificate, BlockReference, Hash, Tip } from './types.ts';

export type StagedState = 'waiting' | 'executing' | 'executed';

export interface StagedBlock {
  readonly block: BlockReference;
  state: StagedState;
  /** It was handed to execution as a certified block. */
  asCertified: boolean;
}

/**
 * One branch of received blocks that are not in the chain yet: an extension of the tip, or a diverging branch that waits
 * until its tip's term is higher than the chain's (protocol.md §5, "Branches"). Bounded in blocks and bytes.
 */
export class Staging {
  readonly #blocksMax: number;
  readonly #bytesMax: number;
  #fork: Tip | undefined;
  #blocks: StagedBlock[] = [];
  #bytes = 0;
  #certificate: BlockCertificate | undefined;

  constructor(limits: { readonly stagedBlocksMax: number; readonly stagedBytesMax: number }) {
    this.#blocksMax = limits.stagedBlocksMax;
    this.#bytesMax = limits.stagedBytesMax;
  }

  get blocks(): readonly StagedBlock[] {
    return this.#blocks;
  }

  get isEmpty(): boolean {
    return this.#blocks.length === 0;
  }

  /** The block of the chain that the branch stands on. */
  get fork(): Tip | undefined {
    return this.#fork;
  }

  /** The end of the branch. */
  get tip(): Tip | undefined {
    const last = this.#blocks.at(-1);
    return last && tipOf(last.block);
  }

  /** The highest certificate of a block in the branch: it covers that block and those before it. */
  get certificate(): BlockCertificate | undefined {
    return this.#certificate;
  }

  at(height: number): StagedBlock | undefined {
    return this.#fork === undefined ? undefined : this.#blocks[height - this.#fork.height - 1];
  }

  has(height: number, hash: Hash): boolean {
    const staged = this.at(height);
    return staged !== undefined && equalBytes(staged.block.hash, hash);
  }

  isCovered(height: number): boolean {
    return this.#certificate !== undefined && height <= this.#certificate.ack.height;
  }

  /** Starts a branch on a block of the chain. */
  start(fork: Tip): void {
    assert(this.isEmpty, 'one branch is staged at a time');
    this.#fork = fork;
  }

  /** Appends to the branch, or answers false when there is no room. */
  push(block: BlockReference): boolean {
    if (this.#blocks.length >= this.#blocksMax || this.#bytes + block.byteLength > this.#bytesMax) return false;
    const end = this.tip ?? this.#fork;
    assert(end !== undefined && equalBytes(block.parentHash, end.hash), 'staged blocks are linked');
    this.#blocks.push({ block, state: 'waiting', asCertified: false });
    this.#bytes += block.byteLength;
    return true;
  }

  /** Notes a verified certificate of a block in the branch. */
  cover(certificate: BlockCertificate): void {
    assert(this.has(certificate.ack.height, certificate.ack.blockHash), 'a cover is in the branch');
    if (!this.isCovered(certificate.ack.height)) this.#certificate = certificate;
  }

  /** Takes the first blocks, which enter the chain. */
  shift(count: number): BlockReference[] {
    const taken = this.#blocks.splice(0, count).map((staged) => staged.block);
    for (const block of taken) this.#bytes -= block.byteLength;
    const last = taken.at(-1);
    if (last !== undefined) this.#fork = tipOf(last);
    if (this.isEmpty) this.#reset();
    return taken;
  }

  /** Drops the block at this height and all above, and gives their hashes. */
  dropFrom(height: number): Hash[] {
    if (this.#fork === undefined) return [];
    const dropped = this.#blocks.splice(Math.max(0, height - this.#fork.height - 1));
    for (const { block } of dropped) this.#bytes -= block.byteLength;
    if (this.#certificate !== undefined && this.#certificate.ack.height >= height) this.#certificate = undefined;
    if (this.isEmpty) this.#reset();
    return dropped.map((staged) => staged.block.hash);
  }

  #reset(): void {
    this.#fork = undefined;
    this.#certificate = undefined;
    this.#bytes = 0;
  }
}
