import { readCommittedBody, startOfDate } from '../../fhir/index.ts';
import type { Home } from '../home.ts';

/** A record as the person whom it is about wants to read it. What is said of it comes from openings kept here. */
export interface TimelineRow {
  /** When the care happened, as the record writes it; undefined where it says nothing. */
  readonly date: string | undefined;
  /** Undefined when the opening is not in this keystore: then nobody here can say what it is. */
  readonly resourceType: string | undefined;
  readonly title: string | undefined;
  /** Where the record was read from. */
  readonly place: string | undefined;
  readonly domain: string;
  /** Block time: milliseconds since the Unix epoch. */
  readonly anchoredAt: number;
  /** Block and place of the transaction in it. */
  readonly height: number;
  readonly index: number;
}

/**
 * Everything that is anchored for a person, whom each domain knows under another DID, by date of care; what has no date
 * comes last.
 */
export async function timelineOf(home: Home, dids: readonly string[]): Promise<TimelineRow[]> {
  const rows: TimelineRow[] = [];
  for (const did of dids) rows.push(...(await rowsOf(home, did)));
  return rows.sort((left, right) => startOf(left) - startOf(right));
}

async function rowsOf(home: Home, did: string): Promise<TimelineRow[]> {
  const rows: TimelineRow[] = [];
  for await (const { entry, height, index } of home.ledger.entries('timeline', did)) {
    if (entry['type'] !== 'record-anchored') continue;
    const opening = home.keystore.opening(String(entry['source']));
    const content = opening === undefined ? undefined : readCommittedBody(opening.body);
    rows.push({
      date: content?.date,
      resourceType: content?.resourceType,
      title: opening?.labels['title'],
      place: opening === undefined ? undefined : `${opening.labels['file']}#${opening.labels['pointer']}`,
      domain: String(entry['domain']),
      anchoredAt: Number(entry['at']),
      height,
      index,
    });
  }
  return rows;
}

function startOf({ date }: TimelineRow): number {
  // Finite, so that two rows without a date compare as equal.
  return (date === undefined ? undefined : startOfDate(date)) ?? Number.MAX_SAFE_INTEGER;
}
