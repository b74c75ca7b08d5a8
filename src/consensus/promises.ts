import type { NodeId } from '../crypto/portable.ts';
import { comparePlaces } from './statements.ts';
import type { PeerPromise, SignedAck, SignedVote, SignedVoteRequest } from './types.ts';

/**
 * The highest statements seen from every other key. They are what contradicts a node whose disk was rolled back, so they
 * are made durable with the next batch, and only what is durable is told (protocol.md §5, "A node that lost its memory").
 */
export class PeerPromises {
  readonly #latest = new Map<NodeId, PeerPromise>();
  readonly #durable = new Map<NodeId, PeerPromise>();
  readonly #unsaved = new Set<NodeId>();

  constructor(restored: readonly PeerPromise[]) {
    for (const promise of restored) {
      this.#latest.set(promise.nodeId, promise);
      this.#durable.set(promise.nodeId, promise);
    }
  }

  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  latest(nodeId: NodeId): PeerPromise | undefined {
    return this.#latest.get(nodeId);
  }

  durable(nodeId: NodeId): PeerPromise | undefined {
    return this.#durable.get(nodeId);
  }

  noteAck(nodeId: NodeId, ack: SignedAck): void {
    const known = this.#latest.get(nodeId)?.ack;
    if (known === undefined || comparePlaces(ack.statement, known.statement) > 0) this.#note(nodeId, { ack });
  }

  noteVote(nodeId: NodeId, vote: SignedVote): void {
    const known = this.#latest.get(nodeId)?.vote;
    if (known === undefined || vote.statement.term > known.statement.term) this.#note(nodeId, { vote });
  }

  noteVoteRequest(nodeId: NodeId, voteRequest: SignedVoteRequest): void {
    const known = this.#latest.get(nodeId)?.voteRequest;
    if (known === undefined || voteRequest.statement.term > known.statement.term) this.#note(nodeId, { voteRequest });
  }

  /** What the next batch has to carry. */
  takeUnsaved(): PeerPromise[] {
    const promises: PeerPromise[] = [];
    for (const nodeId of this.#unsaved) {
      const promise = this.#latest.get(nodeId);
      if (promise !== undefined) promises.push(promise);
    }
    this.#unsaved.clear();
    return promises;
  }

  synced(promises: readonly PeerPromise[]): void {
    for (const promise of promises) this.#durable.set(promise.nodeId, promise);
  }

  #note(nodeId: NodeId, news: Omit<PeerPromise, 'nodeId'>): void {
    this.#latest.set(nodeId, { ...this.#latest.get(nodeId), ...news, nodeId });
    this.#unsaved.add(nodeId);
  }
}
