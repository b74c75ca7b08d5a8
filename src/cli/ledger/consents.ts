import { AssentError, present } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';
import type { ProvisionJson, ProvisionTreeJson } from '../../contracts/index.ts';

/** A consent as its subject's stream tells it. */
export interface ConsentState {
  readonly id: string;
  readonly version: number;
  readonly subject: string;
  readonly domain: string;
  readonly provision: ProvisionJson;
  readonly nested: ProvisionTreeJson['nested'];
  readonly keyHolder: string;
  readonly grantedAt: number;
  /** Who acted for the subject. */
  readonly delegate?: string;
  readonly revokedAt?: number;
  readonly supersededBy?: string;
}

/** The consents of a person, oldest first, revoked ones included. */
export async function consentsOf(client: AssentClient, dids: readonly string[]): Promise<ConsentState[]> {
  const consents = new Map<string, ConsentState>();
  for (const did of dids)
    for await (const { entry } of client.entries('consents', did)) {
      const id = String(entry['consent']);
      consents.set(id, changed(consents.get(id), did, entry));
    }
  return [...consents.values()].sort((left, right) => left.grantedAt - right.grantedAt);
}

type Entry = Readonly<Record<string, unknown>>;

/** A consent after one more entry of its subject's stream. */
function changed(known: ConsentState | undefined, subject: string, entry: Entry): ConsentState {
  const version = Number(entry['version']);
  const at = Number(entry['at']);
  switch (entry['type']) {
    case 'consent-revoked':
      return { ...present(known, 'it was granted'), version, revokedAt: at };
    case 'consent-superseded':
      return { ...present(known, 'it was granted'), version, supersededBy: String(entry['by']) };
    default:
      return {
        id: String(entry['consent']),
        version,
        subject,
        domain: String(entry['domain']),
        provision: entry['provision'] as ProvisionJson,
        nested: entry['nested'] as ProvisionTreeJson['nested'],
        keyHolder: String(entry['keyHolder']),
        ...(entry['delegate'] === undefined ? {} : { delegate: String(entry['delegate']) }),
        grantedAt: known?.grantedAt ?? at,
      };
  }
}

/** Those of them that decide in a domain. */
export function inForce(consents: readonly ConsentState[], domain: string): ConsentState[] {
  return consents.filter(
    (one) => one.domain === domain && one.revokedAt === undefined && one.supersededBy === undefined,
  );
}

/** The only consent of the person whose id begins so. Throws `not-found`, `usage`. */
export async function findConsent(
  client: AssentClient,
  dids: readonly string[],
  reference: string,
): Promise<ConsentState> {
  const found = (await consentsOf(client, dids)).filter(({ id }) => id.startsWith(reference.toLowerCase()));
  const [consent] = found;
  if (consent === undefined) throw new AssentError('not-found', `This person has granted no consent ${reference}.`);
  if (found.length > 1) throw new AssentError('usage', `${reference} is the beginning of ${found.length} consents.`);
  return consent;
}
