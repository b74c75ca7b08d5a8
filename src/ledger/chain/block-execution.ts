import { equalBytes, present } from '../../base/index.ts';
import type { BlockBuilder, BlockRoots, ConfigurationChange } from '../block-builder.ts';
import type { BlockHeader } from '../header.ts';
import { ChainPoint } from '../state/chain-point.ts';
import type { MayGoOn } from '../types/slices.ts';
import type { BlockRefusal, BlockVerdict, Execution } from '../types/verdict.ts';
import type { VerifiedBlock } from '../verified-block.ts';
import { builderAfter, type ChainContext } from './context.ts';

const nothing = new Uint8Array();

/** A received block, executed on its parent in slices and held against its header. `change`: what its justification says. */
export class BlockExecution implements Execution {
  readonly #context: ChainContext;
  readonly #block: VerifiedBlock;
  readonly #change: ConfigurationChange;
  #builder: BlockBuilder | undefined;
  #next = 0;

  constructor(context: ChainContext, block: VerifiedBlock, change: ConfigurationChange) {
    this.#context = context;
    this.#block = block;
    this.#change = change;
  }

  step(mayGoOn: MayGoOn): BlockVerdict | undefined {
    // What it stands on may have left the chain since the last step.
    const parent = this.#parentOrVerdict();
    if (!(parent instanceof ChainPoint)) return parent;
    this.#builder ??= builderAfter(parent, this.#block.received.header.timestamp, this.#context);
    if (this.#builder === undefined) return refuse('rule-set-missing');
    const { transactions } = this.#block;
    for (let isFirst = true; this.#next < transactions.length; isFirst = false) {
      if (!isFirst && !mayGoOn()) return undefined;
      const reason = this.#builder.add(present(transactions[this.#next], 'one of the block'));
      if (reason !== undefined) return refuse(reason);
      this.#next += 1;
      // The roots take as long as some transactions do.
      if (this.#next === transactions.length && !mayGoOn()) return undefined;
    }
    return this.#judge(this.#builder, parent);
  }

  /** The point that the block stands on, or the verdict that is clear already. */
  #parentOrVerdict(): ChainPoint | BlockVerdict {
    const { header, hash } = this.#block.received;
    const { ledgerId, chain } = this.#context;
    if (chain.find(hash) !== undefined) return { ok: true };
    const parent = chain.find(header.parentHash);
    if (parent === undefined) return refuse('parent-unknown');
    if (!equalBytes(header.ledgerId, ledgerId)) return refuse('ledger');
    if (header.height !== parent.facts.height + 1) return refuse('height');
    if (header.term < parent.facts.term) return refuse('term');
    if (header.timestamp <= parent.facts.timestamp) return refuse('timestamp');
    const { enactsChange, recovery } = this.#change;
    const isUnchanged = equalBytes(header.configurationHash, parent.facts.configurationHash);
    if (!enactsChange && recovery === undefined && !isUnchanged) return refuse('configuration');
    return parent;
  }

  /** Holds what came of the block against its header. */
  #judge(builder: BlockBuilder, parent: ChainPoint): BlockVerdict {
    const { header, hash } = this.#block.received;
    const { term, configurationHash } = header;
    const changed = builder.changeConfiguration(this.#change);
    const isUnchanged = equalBytes(configurationHash, parent.facts.configurationHash);
    const after = changed?.hash ?? (isUnchanged && !this.#change.enactsChange ? configurationHash : nothing);
    if (!equalBytes(after, configurationHash)) return refuse('configuration');
    const { roots, point } = builder.finish();
    const difference = firstDifference(roots, header);
    if (difference !== undefined) return refuse(difference);
    this.#context.chain.add(point({ hash, term, configurationHash }));
    return { ok: true };
  }
}

function firstDifference(roots: BlockRoots, header: BlockHeader): BlockRefusal | undefined {
  if (!equalBytes(roots.resultsRoot, header.resultsRoot)) return 'results-root';
  if (!equalBytes(roots.stateRoot, header.stateRoot)) return 'state-root';
  if (!equalBytes(roots.historyRoot, header.historyRoot)) return 'history-root';
  return undefined;
}

function refuse(reason: BlockRefusal): BlockVerdict {
  return { ok: false, reason };
}
