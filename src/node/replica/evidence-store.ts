import { AssentError, fromHex, present, toHex, utf8 } from '../../base/index.ts';
import { decodeNodeId, encodeNodeId, type NodeId } from '../../crypto/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../ledger/index.ts';
import { type Operation, prefixedKey, type Store } from '../../storage/index.ts';
import { type EvidenceKind, type EvidenceVerdict, evidenceId, evidenceKinds } from '../../verify/index.ts';
import { binary, count, list, readRecord, text } from './records.ts';

/** More records prove nothing more: of one kind against one key, and in all. */
export const evidenceLimits = { perCulpritAndKindMax: 8, recordsMax: 1000 } as const;

/** What is known of a stored record without reading it. */
export interface EvidenceEntry {
  /** SHA-256 of the record, as hexadecimal. */
  readonly id: string;
  readonly kind: EvidenceKind;
  readonly culprit: NodeId;
  readonly term: number;
}

const indexVersion = 1;
const indexLimits = { bytesMax: 256 * 1024, depthMax: 3, countMax: 8 * evidenceLimits.recordsMax };
const indexKey = prefixedKey('consensus', utf8('evidence'));

/** Verified records by id, and an index over them that is written with each: a start reads one key. */
export class EvidenceStore {
  readonly #store: Store;
  readonly #append: (operations: readonly Operation[], done: () => void) => void;
  readonly #entries = new Map<string, EvidenceEntry>();
  readonly #perSlot = new Map<string, number>();
  /** Records on their way to the disk. */
  readonly #unwritten = new Map<string, Uint8Array>();

  /** Throws `storage-damaged`. */
  constructor(store: Store, append: (operations: readonly Operation[], done: () => void) => void) {
    this.#store = store;
    this.#append = append;
    for (const entry of readRecord(store, indexKey, decodeIndex) ?? []) this.#enter(entry);
  }

  /** In the order in which they were stored. */
  get entries(): readonly EvidenceEntry[] {
    return [...this.#entries.values()];
  }

  get size(): number {
    return this.#entries.size;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** Whether one more of this kind against this key is kept. */
  hasRoom(culprit: NodeId, kind: EvidenceKind): boolean {
    const held = this.#perSlot.get(slotOf(culprit, kind)) ?? 0;
    return held < evidenceLimits.perCulpritAndKindMax && this.#entries.size < evidenceLimits.recordsMax;
  }

  /** The record's bytes. */
  record(id: string): Uint8Array | undefined {
    if (!this.#entries.has(id)) return undefined;
    const key = prefixedKey('evidence', present(fromHex(id), 'ids are hexadecimal'));
    return this.#unwritten.get(id) ?? this.#store.get(key);
  }

  /** Keeps a verified record for which there is room and that is not here yet. */
  add(bytes: Uint8Array, { kind, culprit, term }: EvidenceVerdict): void {
    const digest = evidenceId(bytes);
    const id = toHex(digest);
    this.#enter({ id, kind, culprit, term });
    this.#unwritten.set(id, bytes);
    const operations: readonly Operation[] = [
      { type: 'put', key: prefixedKey('evidence', digest), value: bytes },
      { type: 'put', key: indexKey, value: encodeIndex(this.entries) },
    ];
    this.#append(operations, () => void this.#unwritten.delete(id));
  }

  #enter(entry: EvidenceEntry): void {
    const slot = slotOf(entry.culprit, entry.kind);
    this.#entries.set(entry.id, entry);
    this.#perSlot.set(slot, (this.#perSlot.get(slot) ?? 0) + 1);
  }
}

export function slotOf(culprit: NodeId, kind: EvidenceKind): string {
  return `${kind} ${culprit}`;
}

function encodeIndex(entries: readonly EvidenceEntry[]): Uint8Array {
  const rows = entries.map(({ id, kind, culprit, term }): CanonicalValue => {
    return [present(fromHex(id), 'ids are hexadecimal'), kind, present(decodeNodeId(culprit), 'a node id'), term];
  });
  return encodeCanonical([indexVersion, rows]);
}

function decodeIndex(bytes: Uint8Array): readonly EvidenceEntry[] {
  const [version, rows] = list(decodeCanonical(bytes, indexLimits), 2);
  if (version !== indexVersion)
    throw new AssentError('encoding-invalid', 'the index of the evidence is of another version');
  return list(rows).map((row) => {
    const [id, kindText, culprit, term] = list(row, 4);
    const name = text(kindText);
    const kind = evidenceKinds.find((known) => known === name);
    if (kind === undefined) throw new AssentError('encoding-invalid', `a kind of evidence is unknown: ${name}`);
    return { id: toHex(binary(id, 32)), kind, culprit: encodeNodeId(binary(culprit, 32)), term: count(term) };
  });
}
