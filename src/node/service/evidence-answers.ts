import type { EvidenceList, EvidenceView } from '../../api/index.ts';
import { AssentError, toHex } from '../../base/index.ts';
import type { EvidenceGossip } from '../replica/index.ts';

type Known = Pick<EvidenceGossip, 'entries' | 'notStored' | 'record'>;

export function evidenceList({ entries, notStored }: Known): EvidenceList {
  return { evidence: entries, notStored };
}

/** Throws `not-found`. */
export function evidenceView(known: Known, id: string): EvidenceView {
  const entry = known.entries.find((candidate) => candidate.id === id);
  const record = known.record(id);
  if (entry === undefined || record === undefined)
    throw new AssentError('not-found', 'This node holds no evidence with this id.');
  return { ...entry, record: toHex(record) };
}
