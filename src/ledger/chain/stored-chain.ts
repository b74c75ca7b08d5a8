import { AssentError, assert, toHex } from '../../base/index.ts';
import type { Store } from '../../storage/index.ts';
import type { OpenedBlock } from '../block.ts';
import { heightOfBlock, readBlock } from '../chain-store.ts';
import { pastValueAt } from '../past/past-value.ts';
import { readPruned } from '../pruning/pruned.ts';
import type { Receipt } from '../results.ts';
import { pageReader } from '../state/parts.ts';
import { proveState } from '../state/prove.ts';
import { readReceipt } from '../state/receipts.ts';
import type { StateProof } from '../state-proof.ts';
import { readStream, type StreamOptions } from '../streams.ts';
import type { StateKey } from '../types/execution.ts';
import type { Chain } from './chain.ts';

/** What the store keeps of the committed chain beside its newest state, as far as it was not pruned. */
export class StoredChain {
  readonly #store: Store;
  readonly #chain: Chain;
  /** Ids whose receipts are damaged. */
  readonly #withheld = new Set<string>();
  #prunedThrough: number;
  #pastFrom: number;

  /** `pastFrom`: the first block whose state the applied record says can be read. Throws `storage-damaged`. */
  constructor(store: Store, chain: Chain, pastFrom: number) {
    this.#store = store;
    this.#chain = chain;
    this.#prunedThrough = readPruned(store).through;
    this.#pastFrom = Math.max(pastFrom, this.#prunedThrough);
  }

  /** The store holds another chain's end by now. Throws `storage-damaged`. */
  beginAgain(pastFrom: number): void {
    this.#prunedThrough = readPruned(this.#store).through;
    this.#pastFrom = Math.max(pastFrom, this.#prunedThrough);
  }

  get originHeight(): number {
    return this.#chain.applied.committed.origin.height;
  }

  get firstBlockHeight(): number {
    return Math.max(1, this.originHeight, this.#prunedThrough + 1);
  }

  get prunedThrough(): number {
    return this.#prunedThrough;
  }

  get pastFrom(): number {
    return this.#pastFrom;
  }

  prune(through: number): void {
    assert(through < this.#chain.applied.facts.height, 'the newest block is kept');
    this.#prunedThrough = Math.max(this.#prunedThrough, through);
    this.#pastFrom = Math.max(this.#pastFrom, through);
  }

  withhold(ids: readonly Uint8Array[]): void {
    for (const id of ids) this.#withheld.add(toHex(id));
  }

  release(ids: readonly Uint8Array[]): void {
    for (const id of ids) this.#withheld.delete(toHex(id));
  }

  receipt(id: Uint8Array): Receipt | undefined {
    if (this.#withheld.size > 0 && this.#withheld.has(toHex(id)))
      throw new AssentError(
        'storage-damaged',
        'the stored receipt of this transaction is damaged, and is being repaired',
      );
    const receipt = readReceipt(this.#store, id);
    // What is being pruned is gone for every reader at once.
    return receipt !== undefined && receipt.height <= this.#prunedThrough ? undefined : receipt;
  }

  block(height: number): OpenedBlock | undefined {
    const isKept = height >= this.firstBlockHeight && height <= this.#chain.applied.facts.height;
    const block = isKept ? readBlock(this.#store, height) : undefined;
    // Its place was recorded with its effects: another block, however well formed, has none.
    if (block !== undefined && heightOfBlock(this.#store, block.hash) !== height)
      throw new AssentError('storage-damaged', `the stored block ${height} is not the one of the chain`, { height });
    return block;
  }

  blockByHash(hash: Uint8Array): OpenedBlock | undefined {
    const height = heightOfBlock(this.#store, hash);
    return height === undefined ? undefined : this.block(height);
  }

  valueAt(height: number, key: StateKey): ReturnType<typeof pastValueAt> {
    const current = () => ({ applied: this.#chain.applied, pastFrom: this.#pastFrom });
    return pastValueAt(this.#store, current, height, key);
  }

  /** As of the newest committed block: only in its tree no page is about to be replaced. */
  prove(key: StateKey): {
    readonly height: number;
    readonly value: Uint8Array | undefined;
    readonly proof: StateProof;
  } {
    const point = this.#chain.committed;
    const proof = proveState(point.facts.tree, key, pageReader(this.#store, point.committed.origin.space));
    return { height: point.facts.height, value: point.get(key), proof };
  }

  stream(name: string, options: StreamOptions): ReturnType<typeof readStream> {
    return readStream(this.#store, name, this.#chain.applied.committed.origin, options);
  }
}
