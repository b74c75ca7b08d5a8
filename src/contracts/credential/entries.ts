import { z } from 'zod';
import { did, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { type Role, roles } from '../tables/codes.ts';

export interface CredentialIssued {
  readonly credential: Uint8Array;
  readonly agent: Uint8Array;
  readonly role: Role;
  readonly organisation: string;
  readonly from: number;
  readonly until?: number;
  readonly domain?: string;
  readonly at: number;
}

/** In `credentials:<agent hex>`. */
export const credentialIssued: EntryType<CredentialIssued> = entryType(
  'credential-issued',
  z.strictObject({
    credential: transactionId(),
    agent: did(),
    role: z.enum(roles),
    organisation: name(),
    from: timestamp(),
    until: timestamp().exactOptional(),
    domain: name().exactOptional(),
    at: timestamp(),
  }),
);

/** In `credentials:<agent hex>`. */
export const credentialRevoked: EntryType<{ credential: Uint8Array; agent: Uint8Array; at: number }> = entryType(
  'credential-revoked',
  z.strictObject({ credential: transactionId(), agent: did(), at: timestamp() }),
);
