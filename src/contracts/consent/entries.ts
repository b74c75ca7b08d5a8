import { z } from 'zod';
import { did, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';
import { type Provision, provision } from './provision.ts';

export interface ConsentGranted {
  readonly consent: Uint8Array;
  readonly version: number;
  readonly subject: Uint8Array;
  readonly domain: string;
  readonly provision: Provision;
  readonly keyHolder: KeyHolder;
  readonly at: number;
}

/** In `consents:<subject hex>`. */
export const consentGranted: EntryType<ConsentGranted> = entryType(
  'consent-granted',
  z.strictObject({
    consent: transactionId(),
    version: z.int(),
    subject: did(),
    domain: name(),
    provision,
    keyHolder: z.enum(keyHolders),
    at: timestamp(),
  }),
);

export interface ConsentRevoked {
  readonly consent: Uint8Array;
  readonly version: number;
  readonly subject: Uint8Array;
  readonly domain: string;
  readonly at: number;
}

/** In `consents:<subject hex>`. */
export const consentRevoked: EntryType<ConsentRevoked> = entryType(
  'consent-revoked',
  z.strictObject({ consent: transactionId(), version: z.int(), subject: did(), domain: name(), at: timestamp() }),
);
