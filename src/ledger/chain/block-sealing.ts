import { assert, present, toHex } from '../../base/index.ts';
import { merkleRoot, sha256 } from '../../crypto/portable.ts';
import { encodeBlock } from '../block.ts';
import type { BlockBuilder, Inadmissible } from '../block-builder.ts';
import { type BlockHeader, encodeHeader, headerHash, headerMessage } from '../header.ts';
import type { ChainPoint } from '../state/chain-point.ts';
import type { Draft, SealInput, Sealing, SealPlace } from '../types/sealing.ts';
import type { MayGoOn } from '../types/slices.ts';
import type { VerifiedTransaction } from '../verified-transaction.ts';
import { builderAfter, type ChainContext } from './context.ts';

/** What a leader may put into its block, and who hears of what has no place in it. */
export interface Candidates {
  readonly candidates: Iterable<VerifiedTransaction>;
  readonly onLeftOut: (transaction: VerifiedTransaction, reason: Inadmissible) => void;
}

/** A leader's block, executed on its parent in slices and then made out of what was executed. */
export class BlockSealing implements Sealing {
  readonly #context: ChainContext;
  readonly #parent: ChainPoint;
  readonly #timestamp: number;
  readonly #builder: BlockBuilder;
  readonly #waiting: Iterator<VerifiedTransaction>;
  readonly #onLeftOut: Candidates['onLeftOut'];

  constructor(context: ChainContext, { parentHash, timestamp }: SealPlace, { candidates, onLeftOut }: Candidates) {
    this.#context = context;
    this.#parent = present(context.chain.find(parentHash), 'a leader seals on a block it executed');
    this.#timestamp = timestamp;
    this.#builder = present(builderAfter(this.#parent, timestamp, context), 'a leader seals under rules that it has');
    this.#waiting = candidates[Symbol.iterator]();
    this.#onLeftOut = onLeftOut;
  }

  get transactions(): readonly VerifiedTransaction[] {
    return this.#builder.transactions;
  }

  step(mayGoOn: MayGoOn): boolean {
    for (let next = this.#waiting.next(); next.done !== true; next = this.#waiting.next()) {
      const reason = this.#builder.add(next.value);
      if (reason !== undefined) this.#onLeftOut(next.value, reason);
      if (reason === 'block-full') return true;
      if (!mayGoOn()) return false;
    }
    return true;
  }

  finish(input: SealInput, proposer: Uint8Array): { draft: Draft; accept: () => void } {
    const { ledgerId, chain } = this.#context;
    const { facts } = this.#parent;
    const configuration = this.#builder.changeConfiguration(input);
    assert(
      configuration !== undefined || (!input.enactsChange && input.recovery === undefined),
      'a leader enacts what waits, and a recovery that the nodes accepted',
    );
    const configurationHash = configuration?.hash ?? facts.configurationHash;
    const justification = input.justification(configuration);
    const { roots, point } = this.#builder.finish();
    const { transactions } = this.#builder;
    const header: BlockHeader = {
      ledgerId,
      height: facts.height + 1,
      term: input.term,
      parentHash: facts.hash,
      timestamp: this.#timestamp,
      proposer,
      transactionsRoot: merkleRoot(transactions.map((transaction) => transaction.leaf)),
      transactionCount: transactions.length,
      ...roots,
      configurationHash,
      justificationHash: sha256(justification),
    };
    const headerBytes = encodeHeader(header);
    const hash = headerHash(headerBytes);
    const draft: Draft = {
      header,
      hash,
      transactions,
      configuration,
      sign: (signer) => {
        const headerSignature = signer.sign(headerMessage(ledgerId, headerBytes));
        const transactionBytes = transactions.map((transaction) => transaction.bytes);
        const bytes = encodeBlock({ headerBytes, headerSignature, justification, transactions: transactionBytes });
        const hashHex = toHex(hash);
        return { bytes, headerBytes, headerSignature, header, hash, hashHex, justification, transactionBytes };
      },
    };
    const sealed = point({ hash, term: input.term, configurationHash });
    return { draft, accept: () => chain.add(sealed) };
  }
}
