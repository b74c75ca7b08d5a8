import { type Home, identityNamed } from '../home.ts';

/** One line of a subject's access log, in words that come from this keystore. */
export interface AccessRow {
  readonly kind: 'decision' | 'glass-broken' | AdditionType;
  /** Place in the log of this domain, from 0. */
  readonly place: number;
  /** Block time: milliseconds since the Unix epoch. */
  readonly at: number;
  /** The name of the agent, or of who added to the log, where this keystore knows it, else the DID. */
  readonly who: string;
  readonly role?: string;
  readonly organisation?: string;
  readonly domain: string;
  readonly eventId: string;
  readonly transactionId: string;
  /** Of a decision. */
  readonly purpose?: string;
  readonly action?: string;
  readonly decision?: string;
  /** What settled the decision. */
  readonly code?: string;
  /** What it was about, where its opening is in this keystore. */
  readonly what?: string;
  /** Of a broken glass. */
  readonly categories?: readonly string[];
  readonly expiresAt?: number;
  readonly reviewBy?: number;
  /** Of what was added about another entry: the place of that one. */
  readonly about?: number;
  /** Of a review or an answer: what came out; of a correction: what is wrong. */
  readonly outcome?: string;
  /** Of an access that was recorded late: when it happened. */
  readonly occurredAt?: number;
}

const additionTypes = [
  'access-recorded-late',
  'entry-corrected',
  'glass-reviewed',
  'entry-disputed',
  'dispute-answered',
] as const;
type AdditionType = (typeof additionTypes)[number];

/** A person's whole access log, whom each domain knows under another DID: denials included, oldest first. */
export async function accessLogOf(home: Home, dids: readonly string[]): Promise<AccessRow[]> {
  const names = namesOf(home);
  const rows: AccessRow[] = [];
  for (const did of dids) rows.push(...(await rowsOf(home, did, names)));
  return rows.sort((left, right) => left.at - right.at);
}

async function rowsOf(home: Home, did: string, names: ReadonlyMap<string, string>): Promise<AccessRow[]> {
  const rows: AccessRow[] = [];
  let place = 0;
  for await (const { entry } of home.ledger.entries('access', did)) {
    const row = rowOf(home, entry, place, names);
    if (row !== undefined) rows.push(row);
    place += 1;
  }
  return rows;
}

type Entry = Readonly<Record<string, unknown>>;

function rowOf(home: Home, entry: Entry, place: number, names: ReadonlyMap<string, string>): AccessRow | undefined {
  const text = (field: string): string => String(entry[field]);
  const titled = (field: string): { what?: string } => {
    const what = home.keystore.opening(text(field))?.labels['title'];
    return what === undefined ? {} : { what };
  };
  const who = entry['agent'] === undefined ? text('by') : text('agent');
  const shared = {
    place,
    at: Number(entry['at']),
    who: names.get(who) ?? who,
    domain: text('domain'),
    eventId: text('eventId'),
    transactionId: text('transaction'),
  };
  const asked = () => ({
    role: text('role'),
    organisation: text('organisation'),
    purpose: text('purpose'),
    action: text('action'),
    decision: text('decision'),
    ...titled('resource'),
  });
  switch (entry['type']) {
    case 'access-recorded':
      return { kind: 'decision', ...shared, ...asked(), code: text('reason') };
    case 'glass-broken':
      return {
        kind: 'glass-broken',
        ...shared,
        role: text('role'),
        organisation: text('organisation'),
        categories: entry['categories'] as readonly string[],
        expiresAt: Number(entry['expiresAt']),
        reviewBy: Number(entry['reviewBy']),
        ...titled('justification'),
      };
    case 'access-recorded-late':
      return { kind: entry['type'], ...shared, ...asked(), occurredAt: Number(entry['occurredAt']) };
    case 'entry-corrected':
      return {
        kind: entry['type'],
        ...shared,
        about: Number(entry['entry']),
        outcome: text('kind'),
        ...titled('reason'),
      };
    case 'glass-reviewed': {
      const reviewBy = Number(entry['reviewBy']);
      const told = { about: Number(entry['entry']), outcome: text('outcome'), reviewBy, ...titled('findings') };
      return { kind: entry['type'], ...shared, ...told };
    }
    case 'entry-disputed':
      return { kind: entry['type'], ...shared, about: Number(entry['entry']), ...titled('reason') };
    case 'dispute-answered':
      return {
        kind: entry['type'],
        ...shared,
        about: Number(entry['entry']),
        outcome: text('outcome'),
        ...titled('answer'),
      };
    default:
      return undefined;
  }
}

/** Names of the agents whose keys are here, by DID. */
function namesOf(home: Home): Map<string, string> {
  const named = home.keystore
    .list()
    .filter(({ attributes }) => attributes['title'] !== undefined && attributes['role'] !== 'patient');
  return new Map(named.map(({ name, attributes }) => [identityNamed(home, name).did, attributes['title'] ?? name]));
}
