import { z } from 'zod';
import { equalBytes, toHex } from '../../base/index.ts';
import { did, isWithin, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';

/** Who can give an identity a new key: `threshold` of them, after `delayMs`, unless the current key vetoes. */
export interface Guardians {
  readonly threshold: number;
  /** DIDs that serve this identity alone, so that they link it with no other. */
  readonly guardians: readonly Uint8Array[];
  /** Milliseconds from the approval that reaches the threshold until the recovery can be finished. */
  readonly delayMs: number;
}

/** What the ledger knows of an identity beyond its name. Absent while it was never changed. */
export interface Identity {
  /** The Ed25519 key that signs for it now. */
  readonly key: Uint8Array;
  /** How often its key has changed. */
  readonly sequence: number;
  /** 1 after the first change by the identity itself or by a finished recovery; each adds one. */
  readonly version: number;
  /** In force until `next` takes effect. */
  readonly guardians?: Guardians;
  /** What the identity decided about its guardians and is not in force yet; without `guardians` it will have none. */
  readonly next?: { readonly guardians?: Guardians; readonly at: number };
  /** From this time on nobody can act as this identity, for good. */
  readonly deactivatesAt?: number;
}

/** A new key that guardians agree on. Its id is that of the transaction that opened it. */
export interface Recovery {
  readonly id: Uint8Array;
  readonly newKey: Uint8Array;
  /** Of the identity when it was opened: what the new key's proof of possession is over. */
  readonly sequence: number;
  /** The guardians as they were when it was opened. */
  readonly threshold: number;
  readonly delayMs: number;
  readonly openedAt: number;
  /** In the order of the ledger; the first opened it. */
  readonly approvals: readonly Uint8Array[];
  /** When the threshold was reached. */
  readonly reachedAt?: number;
}

/** The recovery that was opened last, and what limits the next one. */
export interface Recoveries {
  /** Over as soon as its time is ({@link recoveryOf}). */
  readonly open?: Recovery;
  /** Recoveries ended by the current key since the last one that was finished. */
  readonly vetoes: number;
  readonly vetoedAt?: number;
  /** When each guardian last opened one. */
  readonly openings: readonly { readonly guardian: Uint8Array; readonly at: number }[];
}

export const delegationKinds = ['proxy', 'parent'] as const;

/** Somebody who may act for a subject: a proxy whom the subject named, or a parent of a minor, until a date. */
export interface Delegation {
  readonly delegate: Uint8Array;
  readonly kind: (typeof delegationKinds)[number];
  readonly from: number;
  /** The first millisecond at which it is over; a parent's always has one. */
  readonly until?: number;
  /** The subject itself, or who named it for a custodian. */
  readonly namedBy: Uint8Array;
  /** Of the custodian that named it; absent when the subject did. */
  readonly domain?: string;
}

export const guardiansMax = 16;
/** Not ended, of one subject. */
export const delegatesMax = 16;

const guardians = z.strictObject({
  threshold: z.int().min(1).max(guardiansMax),
  guardians: z.array(did()).min(1).max(guardiansMax),
  delayMs: z.int().min(0),
});

export const identities: StateRecord<Identity> = stateRecord(
  'identity/document',
  z.strictObject({
    key: did(),
    sequence: z.int().min(0),
    version: z.int().min(1),
    guardians: guardians.exactOptional(),
    next: z.strictObject({ guardians: guardians.exactOptional(), at: timestamp() }).exactOptional(),
    deactivatesAt: timestamp().exactOptional(),
  }),
);

export const recoveries: StateRecord<Recoveries> = stateRecord(
  'identity/recovery',
  z.strictObject({
    open: z
      .strictObject({
        id: transactionId(),
        newKey: did(),
        sequence: z.int().min(0),
        threshold: z.int().min(1).max(guardiansMax),
        delayMs: z.int().min(0),
        openedAt: timestamp(),
        approvals: z.array(did()).min(1).max(guardiansMax),
        reachedAt: timestamp().exactOptional(),
      })
      .exactOptional(),
    vetoes: z.int().min(0),
    vetoedAt: timestamp().exactOptional(),
    openings: z.array(z.strictObject({ guardian: did(), at: timestamp() })).max(guardiansMax),
  }),
);

export const delegates: StateRecord<{ delegates: Delegation[] }> = stateRecord(
  'identity/delegates',
  z.strictObject({
    delegates: z
      .array(
        z.strictObject({
          delegate: did(),
          kind: z.enum(delegationKinds),
          from: timestamp(),
          until: timestamp().exactOptional(),
          namedBy: did(),
          domain: name().exactOptional(),
        }),
      )
      .max(delegatesMax),
  }),
);

/** The identity's document; undefined while nothing of it was ever changed. */
export function documentOf(state: StateView, subject: Uint8Array): Identity | undefined {
  return identities.get(state, toHex(subject));
}

/** The Ed25519 key that signs for this DID at this place of the ledger: its inception key until a rotation or recovery. */
export function currentKeyOf(state: StateView, subject: Uint8Array): Uint8Array {
  return documentOf(state, subject)?.key ?? subject;
}

/** Whether nobody can act as this DID any more. */
export function isDeactivated(state: StateView, subject: Uint8Array, atMs: number): boolean {
  return (documentOf(state, subject)?.deactivatesAt ?? Number.POSITIVE_INFINITY) <= atMs;
}

/** Everybody who may act for the subject at this time; nobody for one that is deactivated. */
export function delegationsOf(state: StateView, subject: Uint8Array, atMs: number): readonly Delegation[] {
  if (isDeactivated(state, subject, atMs)) return [];
  return (delegates.get(state, toHex(subject))?.delegates ?? []).filter((delegation) => isWithin(delegation, atMs));
}

/** By which right this delegate may act for the subject at this time; undefined when by none. */
export function delegationOf(
  state: StateView,
  subject: Uint8Array,
  delegate: Uint8Array,
  atMs: number,
): Delegation | undefined {
  return delegationsOf(state, subject, atMs).find((delegation) => equalBytes(delegation.delegate, delegate));
}
