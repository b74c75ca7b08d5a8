import { type Home, identityNamed } from '../home.ts';

/** One line of a subject's access log, in words that come from this keystore. */
export interface AccessRow {
  readonly kind: 'decision' | 'glass-broken';
  /** Block time: milliseconds since the Unix epoch. */
  readonly at: number;
  /** The agent's name where this keystore knows it, else the DID. */
  readonly who: string;
  readonly role: string;
  readonly organisation: string;
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
}

/** A person's whole access log, whom each domain knows under another DID: denials included, oldest first. */
export async function accessLogOf(home: Home, dids: readonly string[]): Promise<AccessRow[]> {
  const names = namesOf(home);
  const rows: AccessRow[] = [];
  for (const did of dids) rows.push(...(await rowsOf(home, did, names)));
  return rows.sort((left, right) => left.at - right.at);
}

async function rowsOf(home: Home, did: string, names: ReadonlyMap<string, string>): Promise<AccessRow[]> {
  const rows: AccessRow[] = [];
  for await (const { entry } of home.ledger.entries('access', did)) {
    const agent = String(entry['agent']);
    const shared = {
      at: Number(entry['at']),
      who: names.get(agent) ?? agent,
      role: String(entry['role']),
      organisation: String(entry['organisation']),
      domain: String(entry['domain']),
      eventId: String(entry['eventId']),
      transactionId: String(entry['transaction']),
    };
    if (entry['type'] === 'glass-broken') {
      const what = home.keystore.opening(String(entry['justification']))?.labels['title'];
      rows.push({
        kind: 'glass-broken',
        ...shared,
        categories: entry['categories'] as readonly string[],
        expiresAt: Number(entry['expiresAt']),
        reviewBy: Number(entry['reviewBy']),
        ...(what === undefined ? {} : { what }),
      });
    } else if (entry['type'] === 'access-recorded') {
      const what = home.keystore.opening(String(entry['resource']))?.labels['title'];
      rows.push({
        kind: 'decision',
        ...shared,
        purpose: String(entry['purpose']),
        action: String(entry['action']),
        decision: String(entry['decision']),
        code: String(entry['reason']),
        ...(what === undefined ? {} : { what }),
      });
    }
  }
  return rows;
}

/** Names of the agents whose keys are here, by DID. */
function namesOf(home: Home): Map<string, string> {
  const named = home.keystore
    .list()
    .filter(({ attributes }) => attributes['title'] !== undefined && attributes['role'] !== 'patient');
  return new Map(named.map(({ name, attributes }) => [identityNamed(home, name).did, attributes['title'] ?? name]));
}
