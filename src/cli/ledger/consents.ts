import { AssentError } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';

/** A provision in its JSON form. */
export interface ProvisionView {
  readonly type: string;
  readonly period?: { readonly from?: number; readonly until?: number };
  readonly actors?: readonly string[];
  readonly purposes?: readonly string[];
  readonly actions?: readonly string[];
  readonly sealed?: string;
  readonly categories?: readonly string[];
}

/** A consent as its subject's stream tells it. */
export interface ConsentState {
  readonly id: string;
  readonly version: number;
  readonly subject: string;
  readonly domain: string;
  readonly provision: ProvisionView;
  readonly keyHolder: string;
  readonly grantedAt: number;
  readonly revokedAt?: number;
}

/** The consents of a person, oldest first, revoked ones included. */
export async function consentsOf(client: AssentClient, dids: readonly string[]): Promise<ConsentState[]> {
  const consents = new Map<string, ConsentState>();
  for (const did of dids)
    for await (const { entry } of client.entries('consents', did)) {
      const id = String(entry['consent']);
      const at = Number(entry['at']);
      const version = Number(entry['version']);
      const known = consents.get(id);
      if (entry['type'] === 'consent-granted')
        consents.set(id, {
          id,
          version,
          subject: did,
          domain: String(entry['domain']),
          provision: entry['provision'] as unknown as ProvisionView,
          keyHolder: String(entry['keyHolder']),
          grantedAt: at,
        });
      else if (entry['type'] === 'consent-revoked' && known !== undefined)
        consents.set(id, { ...known, version, revokedAt: at });
    }
  return [...consents.values()].sort((left, right) => left.grantedAt - right.grantedAt);
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
