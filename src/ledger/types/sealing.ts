import type { Signer } from '../../crypto/portable.ts';
import type { OpenedBlock } from '../block.ts';
import type { ConfigurationChange } from '../block-builder.ts';
import type { NodeConfiguration } from '../configuration.ts';
import type { BlockHeader } from '../header.ts';
import type { VerifiedTransaction } from '../verified-transaction.ts';
import type { MayGoOn } from './slices.ts';

/** Where a leader's block stands. */
export interface SealPlace {
  readonly parentHash: Uint8Array;
  /** Milliseconds since the Unix epoch, above the parent's. */
  readonly timestamp: number;
}

export interface SealInput extends ConfigurationChange {
  readonly term: number;
  /** Bytes of the justification; of a block that enacts a change they depend on the configuration in force after it. */
  readonly justification: (configuration: NodeConfiguration | undefined) => Uint8Array;
}

/** A leader's block that is being executed. It is no part of the ledger until it is finished and accepted. */
export interface Sealing {
  /** Executed so far. */
  readonly transactions: readonly VerifiedTransaction[];
  /** Executes one candidate at least, and as many as it may. False while there are more. */
  step(mayGoOn: MayGoOn): boolean;
  /** What is executed becomes a block. */
  finish(input: SealInput, proposer: Uint8Array): { draft: Draft; accept: () => void };
}

/** A block that is executed and not yet signed: consensus accepts its reference first (protocol.md §4). */
export interface Draft {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly transactions: readonly VerifiedTransaction[];
  /** The new configuration, in force after this block; undefined when the block enacts no change. */
  readonly configuration: NodeConfiguration | undefined;
  /** Signs the header and gives the block as it travels. */
  sign(signer: Signer): OpenedBlock;
}
