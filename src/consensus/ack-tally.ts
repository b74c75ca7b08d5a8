import type { NodeId } from '../crypto/portable.ts';
import { assembleBlockCertificate } from './certificates.ts';
import type { AckStatement, BlockCertificate, BlockReference, Configuration } from './types.ts';

interface Count {
  readonly ack: AckStatement;
  readonly signatures: Map<NodeId, Uint8Array>;
}

/** A leader's count of verified acks for its own blocks that are not certified yet. Bounded by the uncertified tail. */
export class AckTally {
  readonly #counts = new Map<number, Count>();

  has(height: number, signer: NodeId): boolean {
    return this.#counts.get(height)?.signatures.has(signer) ?? false;
  }

  /** Counts a verified ack of this block. Gives the certificate once a majority has signed. */
  add(
    block: BlockReference,
    ack: AckStatement,
    signer: NodeId,
    signature: Uint8Array,
    configuration: Configuration,
  ): BlockCertificate | undefined {
    let count = this.#counts.get(block.height);
    if (count === undefined) {
      count = { ack, signatures: new Map() };
      this.#counts.set(block.height, count);
    }
    count.signatures.set(signer, signature);
    return assembleBlockCertificate(count.ack, count.signatures, configuration);
  }

  /** Heights that are certified need no more counting. */
  forgetUpTo(height: number): void {
    for (const counted of this.#counts.keys()) if (counted <= height) this.#counts.delete(counted);
  }
}
