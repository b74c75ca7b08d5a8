import type { BlockReference, Configuration } from '../../../src/consensus/index.ts';
import { firstInForce, type InForce, inForceAfter } from './in-force.ts';
import { holds, keyOf, short } from './violation.ts';

export interface KnownBlock {
  readonly height: number;
  readonly term: number;
  readonly hash: string;
  readonly parent: string;
  /** After the block's own change. */
  readonly inForce: InForce;
}

/** Every block that any node ever made durable or sent, as one tree rooted in the ledger id. */
export class BlockTree {
  readonly #blocks = new Map<string, KnownBlock>();
  readonly #byPlace = new Map<string, string>();
  readonly #proposers = new Map<number, string>();
  readonly #firstOfTerm = new Map<number, KnownBlock>();
  readonly #root: string;

  constructor(ledgerId: Uint8Array, configuration: Configuration) {
    this.#root = keyOf(ledgerId);
    const inForce = firstInForce(configuration);
    this.#blocks.set(this.#root, { height: 0, term: 0, hash: this.#root, parent: '', inForce });
  }

  get(hash: string): KnownBlock | undefined {
    return this.#blocks.get(hash);
  }

  /** The genesis, as the parent of the first block. */
  get start(): KnownBlock {
    return this.#blocks.get(this.#root) as KnownBlock;
  }

  /** The block of this term and height. */
  at(term: number, height: number): KnownBlock | undefined {
    return this.#blocks.get(this.#byPlace.get(`${term}:${height}`) ?? '');
  }

  /** The first known blocks of the terms above this one. */
  *firstBlocksAbove(term: number): Iterable<KnownBlock> {
    for (const [other, block] of this.#firstOfTerm) if (other > term) yield block;
  }

  /** Takes a block in. Answers it when it was new. */
  add(reference: BlockReference): KnownBlock | undefined {
    const hash = keyOf(reference.hash);
    if (this.#blocks.has(hash)) return undefined;
    const { height, term } = reference;
    const parent = this.#blocks.get(keyOf(reference.parentHash));
    holds(
      parent !== undefined && parent.height === height - 1 && parent.term <= term,
      'parent hash and term monotone along every chain',
      () => `block ${describe({ term, height, hash })} on ${parent === undefined ? 'nothing known' : describe(parent)}`,
    );
    const inForce = inForceAfter(parent.inForce, reference);
    const block: KnownBlock = { height, term, hash, parent: parent.hash, inForce };
    holds(
      block.term === parent.term || isOwnTerm(reference, parent),
      'every term begins with its certificate',
      () => `block ${describe(block)} on ${describe(parent)}`,
    );
    const place = `${block.term}:${block.height}`;
    const other = this.#byPlace.get(place);
    holds(other === undefined, 'log matching', () => `two blocks at ${place}: ${short(other ?? '')}, ${short(hash)}`);
    const proposer = this.#proposers.get(block.term);
    holds(
      proposer === undefined || proposer === reference.proposer,
      'at most one leader per term',
      () => `blocks of term ${block.term} by ${proposer} and ${reference.proposer}`,
    );
    this.#blocks.set(hash, block);
    this.#byPlace.set(place, hash);
    this.#proposers.set(block.term, reference.proposer);
    const first = this.#firstOfTerm.get(block.term);
    if (first === undefined || first.height > block.height) this.#firstOfTerm.set(block.term, block);
    return block;
  }

  /** What came into force above the ancestor, up to the block. */
  inForceBetween(ancestor: KnownBlock, block: KnownBlock): InForce[] {
    const found: InForce[] = [];
    let current = block;
    while (current.height > ancestor.height) {
      found.push(current.inForce);
      current = this.#blocks.get(current.parent) ?? ancestor;
    }
    return found;
  }

  /** Whether `ancestor` is `block` or lies below it on the same branch. */
  descends(block: KnownBlock, ancestor: KnownBlock): boolean {
    let current: KnownBlock | undefined = block;
    while (current !== undefined && current.height > ancestor.height) current = this.#blocks.get(current.parent);
    return current?.hash === ancestor.hash;
  }
}

/** A term's first block proves the right to lead, for the very tip that it stands on. */
function isOwnTerm({ term, proposer, justification }: BlockReference, parent: KnownBlock): boolean {
  const request = justification.term?.request;
  return request?.term === term && request.candidate === proposer && keyOf(request.tip.hash) === parent.hash;
}

export function describe(block: Pick<KnownBlock, 'term' | 'height' | 'hash'>): string {
  return `(${block.term}, ${block.height}, ${short(block.hash)})`;
}
