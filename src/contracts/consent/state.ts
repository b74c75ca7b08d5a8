import { z } from 'zod';
import { concatBytes, equalBytes, present, toHex } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { blob, did, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';
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

/** In force at once, for one subject in one domain and all that it is merged with. */
export const consentsPerSubjectMax = 80;

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

/** What is in force of one subject in one domain. */
export interface InForce {
  /** The consents' ids, 32 bytes each, in the ledger's order: most who ask want to know how many. */
  readonly ids: Uint8Array;
  /** Of the consents' records, so that whoever asks what room is left does not read them all. */
  readonly bytes: number;
}

const idBytes = 32;

const inForce: StateRecord<InForce> = stateRecord(
  'consent/subject',
  z.strictObject({ ids: blob(consentsPerSubjectMax * idBytes), bytes: z.int().min(0) }),
);

const nothingInForce: InForce = { ids: new Uint8Array(), bytes: 0 };

export function inForceOf(state: StateView, subject: Uint8Array, domain: string): InForce {
  const stored = state.get(inForce.key(toHex(subject), domain));
  return stored === undefined ? nothingInForce : inForce.decode(stored);
}

export function putInForce(state: WritableState, subject: Uint8Array, domain: string, value: InForce): void {
  const key = [toHex(subject), domain];
  if (value.ids.length === 0) inForce.delete(state, key);
  else inForce.put(state, key, value);
}

export function countOf({ ids }: InForce): number {
  return ids.length / idBytes;
}

export function idsOf(inForce: InForce): Uint8Array[] {
  const idAt = (place: number): Uint8Array => inForce.ids.subarray(place * idBytes, (place + 1) * idBytes);
  return Array.from({ length: countOf(inForce) }, (_, place) => idAt(place));
}

/** The ids, one after another, but for those that end. */
export function withoutIds(inForce: InForce, ending: readonly Uint8Array[]): Uint8Array {
  if (ending.length === 0) return inForce.ids;
  return concatBytes(...idsOf(inForce).filter((id) => !ending.some((other) => equalBytes(id, other))));
}

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
  return idsOf(inForceOf(state, subject, domain)).map((id) =>
    present(consentOf(state, id), 'what is listed as in force is there'),
  );
}
