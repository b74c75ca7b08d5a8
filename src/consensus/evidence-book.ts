import type { NodeId } from '../crypto/portable.ts';
import type { Evidence, SignedAck } from './types.ts';

/** Of one culprit, so that whoever is named often hides nobody else. */
const keptMax = 64;
const strayAcksMax = 64;

/** What was reported already, and acks of blocks that are not in this chain: half of a possible proof. Both bounded. */
export class EvidenceBook {
  readonly #reported = new Map<NodeId, Set<string>>();
  #strayAcks: { readonly signer: NodeId; readonly ack: SignedAck }[] = [];

  /** Whether this misdeed is news. */
  isNew(evidence: Evidence, term: number, height: number): boolean {
    const key = `${evidence.kind} ${term} ${height}`;
    const reported = this.#reported.get(evidence.culprit) ?? new Set();
    if (reported.has(key) || reported.size >= keptMax) return false;
    this.#reported.set(evidence.culprit, reported.add(key));
    return true;
  }

  keepStrayAck(signer: NodeId, ack: SignedAck): void {
    if (this.#strayAcks.length >= strayAcksMax) this.#strayAcks.shift();
    this.#strayAcks.push({ signer, ack });
  }

  strayAck(signer: NodeId, term: number, height: number): SignedAck | undefined {
    if (this.#strayAcks.length === 0) return undefined;
    return this.#strayAcks.find(
      (stray) => stray.signer === signer && stray.ack.statement.term === term && stray.ack.statement.height === height,
    )?.ack;
  }
}
