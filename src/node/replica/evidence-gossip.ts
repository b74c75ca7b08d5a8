import { AssentError, equalBytes, fromHex, type Logger, present, toHex } from '../../base/index.ts';
import type { Evidence } from '../../consensus/index.ts';
import { decodeNodeId, encodeNodeId, type NodeId, type VerifySignature } from '../../crypto/index.ts';
import {
  decodeEvidence,
  type EvidenceRecord,
  type EvidenceVerdict,
  encodeEvidence,
  evidenceId,
  verifyEvidence,
} from '../../verify/index.ts';
import { type EvidenceSources, recordOfEvidence } from './evidence-record.ts';
import { type EvidenceEntry, type EvidenceStore, evidenceLimits, slotOf } from './evidence-store.ts';
import {
  decodeEvidenceMessage,
  type EvidenceMessage,
  encodeEvidenceMessage,
  evidenceMessageBytesMax,
  type HeldEvidence,
} from './evidence-wire.ts';
import { readOrBlame } from './peer-bytes.ts';
import { periods } from './periods.ts';

export interface EvidenceGossipOptions {
  readonly nodeId: NodeId;
  readonly store: EvidenceStore;
  readonly sources: EvidenceSources;
  readonly verify: VerifySignature;
  readonly logger: Logger;
  /** Every node that the ledger knows. Evidence against any other key is of no interest: anyone can make such keys. */
  readonly nodes: () => readonly NodeId[];
  readonly send: (to: NodeId, frame: Uint8Array) => void;
  /** A peer sent what no correct node sends. */
  readonly blame: (from: NodeId, error: AssentError) => void;
}

/**
 * Keeps what proves that a node broke the rules, and makes sure that all nodes come to know it. News goes to every peer
 * at once; and now and then a node that holds evidence tells one peer in turn which, so that those who were away get the
 * rest. Nothing is kept that was not verified here, nothing is said while there is no evidence.
 */
export class EvidenceGossip {
  readonly #options: EvidenceGossipOptions;
  readonly #store: EvidenceStore;
  #turn = 0;
  #notStored = 0;

  constructor(options: EvidenceGossipOptions) {
    this.#options = options;
    this.#store = options.store;
  }

  /** In the order in which they became known here. */
  get entries(): readonly EvidenceEntry[] {
    return this.#store.entries;
  }

  /** How many of this node's own findings found no room since it started. */
  get notStored(): number {
    return this.#notStored;
  }

  /** The bytes of a record, by its id as hexadecimal. */
  record(id: string): Uint8Array | undefined {
    return this.#store.record(id);
  }

  /** Takes what consensus noticed. */
  witnessed(evidence: Evidence): void {
    const { kind, culprit } = evidence;
    const { logger, sources } = this.#options;
    const record = recordOfEvidence(evidence, sources);
    if (record === undefined) {
      logger.error({ kind, culprit }, 'a node broke the rules, but not all of the proof is at hand any more');
      return;
    }
    const bytes = encodeEvidence(record);
    if (this.#store.has(toHex(evidenceId(bytes)))) return;
    if (!this.#store.hasRoom(culprit, kind)) {
      this.#notStored += 1;
      return;
    }
    const verdict = this.#prove(record);
    if (verdict !== undefined) this.#keep(bytes, verdict);
  }

  /** Not all that a node may refuse can be shown to others: a certificate of a configuration that the header hides. */
  #prove(record: EvidenceRecord): EvidenceVerdict | undefined {
    try {
      return verifyEvidence(record, this.#options.verify);
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      const { kind, culprit } = record;
      const fields = { kind, culprit: encodeNodeId(culprit), reason: error.message };
      this.#options.logger.error(fields, 'a node broke the rules, but what is at hand is no proof');
      return undefined;
    }
  }

  /** Takes a frame of a peer. */
  receive(from: NodeId, frame: Uint8Array): void {
    const message = this.#read(from, () => decodeEvidenceMessage(frame));
    if (message?.type === 'evidence-known') this.#compare(from, message);
    for (const bytes of message?.type === 'evidence' ? message.records : []) {
      const checked = this.#read(from, () => ({ verdict: this.#check(bytes) }));
      if (checked === undefined) return;
      if (checked.verdict !== undefined) this.#keep(bytes, checked.verdict, from);
    }
  }

  #read<T>(from: NodeId, read: () => T): T | undefined {
    return readOrBlame(read, (error) => this.#options.blame(from, error));
  }

  /** One tick of the driver's clock. */
  tick(ticks: number): void {
    if (ticks % periods.evidenceOffer !== 0 || this.#store.size === 0) return;
    const peers = this.#peers();
    const peer = peers[this.#turn % Math.max(1, peers.length)];
    this.#turn += 1;
    if (peer !== undefined) this.#send(peer, { type: 'evidence-known', isAnswer: false, held: this.#held() });
  }

  /**
   * The verdict on a record that is news here. What is known, or has no room, is not looked at further: it costs nothing.
   * Throws what is wrong with the record.
   */
  #check(bytes: Uint8Array): EvidenceVerdict | undefined {
    const record = decodeEvidence(bytes);
    const { ledgerId } = this.#options.sources;
    if (!equalBytes(record.ledgerId, ledgerId)) throw new AssentError('frame-invalid', 'evidence of another ledger');
    const culprit = encodeNodeId(record.culprit);
    if (this.#store.has(toHex(evidenceId(bytes))) || !this.#store.hasRoom(culprit, record.kind)) return undefined;
    // No evidence crosses generations; and a peer may know of nodes that this one has not heard of yet.
    if (record.generation !== this.#options.sources.generationOf(culprit)) return undefined;
    return verifyEvidence(record, this.#options.verify);
  }

  #keep(bytes: Uint8Array, verdict: EvidenceVerdict, from?: NodeId): void {
    const { kind, culprit, term, deed } = verdict;
    this.#options.logger.error({ kind, culprit, term, deed }, 'a node broke the rules; the proof is kept');
    this.#store.add(bytes, verdict);
    for (const peer of this.#peers()) if (peer !== from) this.#send(peer, { type: 'evidence', records: [bytes] });
  }

  /** Sends what the peer lacks; asks for what this node lacks by saying what it has. */
  #compare(from: NodeId, { held, isAnswer }: Extract<EvidenceMessage, { type: 'evidence-known' }>): void {
    const theirs = new Set(held.flatMap(({ ids }) => ids.map(toHex)));
    const room = new Map(
      held.map(({ culprit, kind, ids }) => [
        slotOf(encodeNodeId(culprit), kind),
        evidenceLimits.perCulpritAndKindMax - ids.length,
      ]),
    );
    const records = this.#lacking(theirs, room);
    if (records.length > 0) this.#send(from, { type: 'evidence', records });
    if (isAnswer || !held.some((slot) => this.#wantsOf(slot))) return;
    this.#send(from, { type: 'evidence-known', isAnswer: true, held: this.#held() });
  }

  /** Records for a peer that holds `theirs`, as many as it has room for and one message carries. */
  #lacking(theirs: ReadonlySet<string>, room: Map<string, number>): readonly Uint8Array[] {
    const records: Uint8Array[] = [];
    let bytesLeft = evidenceMessageBytesMax;
    let roomInAll = evidenceLimits.recordsMax - theirs.size;
    for (const { id, culprit, kind } of this.#store.entries) {
      const slot = slotOf(culprit, kind);
      const slotRoom = room.get(slot) ?? evidenceLimits.perCulpritAndKindMax;
      if (theirs.has(id) || slotRoom <= 0 || roomInAll <= 0) continue;
      const bytes = present(this.#store.record(id), 'what the index names is stored');
      if (bytes.length > bytesLeft) break;
      bytesLeft -= bytes.length;
      roomInAll -= 1;
      room.set(slot, slotRoom - 1);
      records.push(bytes);
    }
    return records;
  }

  #wantsOf({ culprit, kind, ids }: HeldEvidence): boolean {
    const nodeId = encodeNodeId(culprit);
    if (!this.#options.nodes().includes(nodeId) || !this.#store.hasRoom(nodeId, kind)) return false;
    return ids.some((id) => !this.#store.has(toHex(id)));
  }

  #held(): readonly HeldEvidence[] {
    const slots = Map.groupBy(this.#store.entries, ({ culprit, kind }) => slotOf(culprit, kind));
    return [...slots.values()].map((entries) => {
      const { culprit, kind } = present(entries[0], 'a group has a member');
      const ids = entries.map(({ id }) => present(fromHex(id), 'ids are hexadecimal'));
      return { culprit: present(decodeNodeId(culprit), 'a node id'), kind, ids };
    });
  }

  #peers(): readonly NodeId[] {
    return this.#options.nodes().filter((nodeId) => nodeId !== this.#options.nodeId);
  }

  #send(to: NodeId, message: EvidenceMessage): void {
    this.#options.send(to, encodeEvidenceMessage(message));
  }
}
