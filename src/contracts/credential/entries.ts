import { z } from 'zod';
import { did, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { type Role, roles } from '../tables/codes.ts';

// All of them stand in `credentials:<agent hex>`.

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

/** A credential that was issued before is from now on another. */
export interface CredentialChange {
  readonly credential: Uint8Array;
  readonly agent: Uint8Array;
  readonly at: number;
}

const credentialChange = z.strictObject({ credential: transactionId(), agent: did(), at: timestamp() });

export const credentialSuspended: EntryType<CredentialChange> = entryType('credential-suspended', credentialChange);
export const credentialResumed: EntryType<CredentialChange> = entryType('credential-resumed', credentialChange);
export const credentialRevoked: EntryType<CredentialChange> = entryType('credential-revoked', credentialChange);

interface GroupLeft {
  readonly agent: Uint8Array;
  readonly organisation: string;
  readonly group: string;
  readonly at: number;
}

interface GroupJoined extends GroupLeft {
  readonly from: number;
  readonly until?: number;
}

export const groupJoined: EntryType<GroupJoined> = entryType(
  'group-joined',
  z.strictObject({
    agent: did(),
    organisation: name(),
    group: name(),
    from: timestamp(),
    until: timestamp().exactOptional(),
    at: timestamp(),
  }),
);

export const groupLeft: EntryType<GroupLeft> = entryType(
  'group-left',
  z.strictObject({ agent: did(), organisation: name(), group: name(), at: timestamp() }),
);
