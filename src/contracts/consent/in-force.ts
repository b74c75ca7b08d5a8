import { z } from 'zod';
import { concatBytes, equalBytes, present, toHex } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { blob } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';

/*
 * Which consents of a person are in force in a domain, in the ledger's order. The newest ids stand under one key, those
 * before them eight to a page: a grant writes the newest alone, however many there are.
 */

/** In force at once, for one subject in one domain and all that it is merged with. */
export const consentsPerSubjectMax = 80;

const idBytes = 32;
const pageIds = 8;

/** What is in force of one subject in one domain. */
export interface InForce {
  /** Of the newest consents, 32 bytes each, oldest first: one to eight, unless nothing is in force. */
  readonly ids: Uint8Array;
  /** Full pages of ids before them. */
  readonly pages: number;
  /** Of all these consents' records, so that whoever asks what room is left does not read them. */
  readonly bytes: number;
}

const inForce: StateRecord<InForce> = stateRecord(
  'consent/subject',
  z.strictObject({
    ids: blob(pageIds * idBytes),
    pages: z
      .int()
      .min(0)
      .max(consentsPerSubjectMax / pageIds),
    bytes: z.int().min(0),
  }),
);

/** By subject, domain and number, from 0. */
const earlierInForce: StateRecord<{ readonly ids: Uint8Array }> = stateRecord(
  'consent/earlier',
  z.strictObject({ ids: blob(pageIds * idBytes) }),
);

const nothingInForce: InForce = { ids: new Uint8Array(), pages: 0, bytes: 0 };

export function inForceOf(state: StateView, subject: Uint8Array, domain: string): InForce {
  const stored = state.get(inForce.key(toHex(subject), domain));
  return stored === undefined ? nothingInForce : inForce.decode(stored);
}

export function countOf({ ids, pages }: InForce): number {
  return pages * pageIds + ids.length / idBytes;
}

/** Ids of all that is in force. */
export function idsInForce(state: StateView, subject: Uint8Array, domain: string): Uint8Array[] {
  const { ids, pages } = inForceOf(state, subject, domain);
  const subjectHex = toHex(subject);
  const earlier = Array.from({ length: pages }, (_, page) => pageOf(state, subjectHex, domain, page));
  return [...earlier, ids].flatMap(splitIds);
}

export interface InForceChange {
  /** They are in force. */
  readonly ending?: readonly Uint8Array[];
  readonly granted?: Uint8Array;
  /** By how much the records of what is in force grow. */
  readonly bytesAdded: number;
}

/** Writes what changes: where consents end, their page and those after it, for a page before the newest is full. */
export function changeInForce(
  state: WritableState,
  subject: Uint8Array,
  domain: string,
  { ending = [], granted, bytesAdded }: InForceChange,
): void {
  const subjectHex = toHex(subject);
  const before = inForceOf(state, subject, domain);
  const isEnding = (id: Uint8Array): boolean => ending.some((other) => equalBytes(id, other));
  const page = (number: number): Uint8Array => pageOf(state, subjectHex, domain, number);

  let pages = 0;
  if (ending.length === 0) pages = before.pages;
  else while (pages < before.pages && !splitIds(page(pages)).some(isEnding)) pages += 1;

  const later = Array.from({ length: before.pages - pages }, (_, index) => page(pages + index));
  let newest = [...later, before.ids].flatMap(splitIds).filter((id) => !isEnding(id));
  if (granted !== undefined) newest.push(granted);
  if (newest.length === 0 && pages > 0) {
    pages -= 1;
    newest = splitIds(page(pages));
  }
  while (newest.length > pageIds) {
    earlierInForce.put(state, [subjectHex, domain, `${pages}`], { ids: concatBytes(...newest.splice(0, pageIds)) });
    pages += 1;
  }
  for (let gone = pages; gone < before.pages; gone++) earlierInForce.delete(state, [subjectHex, domain, `${gone}`]);

  const key = [subjectHex, domain];
  if (newest.length === 0) inForce.delete(state, key);
  else inForce.put(state, key, { ids: concatBytes(...newest), pages, bytes: before.bytes + bytesAdded });
}

function pageOf(state: StateView, subjectHex: string, domain: string, page: number): Uint8Array {
  return present(earlierInForce.get(state, subjectHex, domain, `${page}`), 'a page that is counted is there').ids;
}

function splitIds(ids: Uint8Array): Uint8Array[] {
  return Array.from({ length: ids.length / idBytes }, (_, place) =>
    ids.subarray(place * idBytes, (place + 1) * idBytes),
  );
}
