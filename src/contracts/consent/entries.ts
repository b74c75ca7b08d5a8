import { z } from 'zod';
import { did, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';
import { type NestedProvision, nestedProvisions, type Provision, provision } from './provision.ts';

/** Of every change of a consent. */
interface ConsentChange {
  readonly consent: Uint8Array;
  readonly version: number;
  readonly subject: Uint8Array;
  readonly domain: string;
  readonly at: number;
  /** Who acted for the subject; absent: the subject itself. */
  readonly delegate?: Uint8Array;
}

interface ConsentContent extends ConsentChange {
  readonly provision: Provision;
  readonly nested: readonly NestedProvision[];
  readonly keyHolder: KeyHolder;
}

const change = {
  consent: transactionId(),
  version: z.int(),
  subject: did(),
  domain: name(),
  at: timestamp(),
  delegate: did().exactOptional(),
};

const content = { ...change, provision, nested: nestedProvisions, keyHolder: z.enum(keyHolders) };

/** In `consents:<subject hex>`, as all here; of `consent.grant`, `consent.refuse` and `consent.supersede`. */
export const consentGranted: EntryType<ConsentContent> = entryType('consent-granted', z.strictObject(content));

export const consentAmended: EntryType<ConsentContent> = entryType('consent-amended', z.strictObject(content));

export const consentRevoked: EntryType<ConsentChange & { readonly held: 'permits' | 'denials' }> = entryType(
  'consent-revoked',
  z.strictObject({
    ...change,
    /** A consent that held a denial may open something when it ends. */
    held: z.enum(['permits', 'denials']),
  }),
);

export const consentSuperseded: EntryType<ConsentChange & { readonly by: Uint8Array }> = entryType(
  'consent-superseded',
  z.strictObject({ ...change, by: transactionId() }),
);
