import { z } from 'zod';
import { present, toHex } from '../../base/index.ts';
import { did, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';
import { idsInForce } from './in-force.ts';
import { type NestedProvision, nestedProvisions, type Provision, provision } from './provision.ts';

/** A consent as it stands. Its id is that of the transaction which granted it. */
export interface Consent {
  readonly id: Uint8Array;
  /** 1 when granted; every change adds one. */
  readonly version: number;
  readonly subject: Uint8Array;
  readonly domain: string;
  /** The root. */
  readonly provision: Provision;
  readonly nested: readonly NestedProvision[];
  /** When this version was granted or amended. */
  readonly grantedAt: number;
  /** Who held the subject's key then. */
  readonly keyHolder: KeyHolder;
  /** Who acted for the subject then; absent: the subject itself. */
  readonly delegate?: Uint8Array;
  readonly revokedAt?: number;
  /** The consent that stands in its place. */
  readonly supersededBy?: Uint8Array;
}

const consentSchema = z.strictObject({
  id: transactionId(),
  version: z.int().min(1),
  subject: did(),
  domain: name(),
  provision,
  nested: nestedProvisions,
  grantedAt: timestamp(),
  keyHolder: z.enum(keyHolders),
  delegate: did().exactOptional(),
  revokedAt: timestamp().exactOptional(),
  supersededBy: transactionId().exactOptional(),
});

export const consents: StateRecord<Consent> = stateRecord('consent/record', consentSchema);

/** Versions that were amended, each as it stood: they stay provable. */
export const formerVersions: StateRecord<Consent> = stateRecord('consent/version', consentSchema);

/** Of these consents' records, as they stand. */
export function bytesOfRecords(state: StateView, ids: readonly Uint8Array[]): number {
  return ids.reduce((sum, id) => sum + (state.get(consents.key(toHex(id)))?.length ?? 0), 0);
}

/** The consent, revoked or not. */
export function consentOf(state: StateView, id: Uint8Array): Consent | undefined {
  return consents.get(state, toHex(id));
}

/** This version of the consent, if there ever was one. */
export function consentVersionOf(state: StateView, id: Uint8Array, version: number): Consent | undefined {
  const current = consentOf(state, id);
  return current?.version === version ? current : formerVersions.get(state, toHex(id), `${version}`);
}

export function isInForce({ revokedAt, supersededBy }: Consent): boolean {
  return revokedAt === undefined && supersededBy === undefined;
}

/** Consents of the subject in the domain that are in force, in the ledger's order (docs/decision.md, step 1). */
export function consentsOf(state: StateView, subject: Uint8Array, domain: string): readonly Consent[] {
  return idsInForce(state, subject, domain).map((id) =>
    present(consentOf(state, id), 'what is listed as in force is there'),
  );
}
