import { z } from 'zod';
import { equalBytes, toHex } from '../../base/index.ts';
import { did, isWithin, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';

/** Who can give an identity a new key: `threshold` of them, after `delayMs`, unless the current key vetoes. */
export interface GuardianPlan {
  readonly threshold: number;
  /** DIDs that serve this identity alone, so that they link it with no other. */
  readonly guardians: readonly Uint8Array[];
  /** Milliseconds from the approval that reaches the threshold until the recovery can be finished. */
  readonly delayMs: number;
}

export interface Guardians extends GuardianPlan {
  /** Since when they are in force. */
  readonly since: number;
}

/** What the ledger knows of an identity beyond its name. Absent while it was never changed. */
export interface Identity {
  /** The Ed25519 key that signs for it now. */
  readonly key: Uint8Array;
  /** How often its key has changed. */
  readonly sequence: number;
  /** 1 after the first change by the identity itself or by a finished recovery; each adds one. */
  readonly version: number;
  /** In force until `next` is. Ask {@link guardiansOf}. */
  readonly guardians?: Guardians;
  /** What the identity decided about its guardians, in force from `at` on; without a plan it will have none. */
  readonly next?: { readonly plan?: GuardianPlan; readonly at: number };
  /** From this time on nobody can act as this identity, for good. Ask {@link isDeactivated}. */
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
  /** Neither vetoed nor finished; its time may be over. Ask {@link recoveryOf}. */
  readonly open?: Recovery;
  /** Recoveries that the current key ended in a row, under the guardians of the last one. */
  readonly vetoes: number;
  readonly vetoedAt?: number;
  /** When each guardian last opened one, as far as it still counts. */
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
/** Seven days: a recovery that has not reached its threshold by then is over. */
export const approvalTimeMs: number = 7 * 24 * 3_600_000;
/** Seven days: a recovery that could be finished and was not is over by then. */
export const finishTimeMs: number = 7 * 24 * 3_600_000;

const planFields = {
  threshold: z.int().min(1).max(guardiansMax),
  guardians: z.array(did()).min(1).max(guardiansMax),
  delayMs: z.int().min(0),
};

export const guardianPlan: z.ZodType<GuardianPlan> = z.strictObject(planFields);

export const identities: StateRecord<Identity> = stateRecord(
  'identity/document',
  z.strictObject({
    key: did(),
    sequence: z.int().min(0),
    version: z.int().min(1),
    guardians: z.strictObject({ ...planFields, since: timestamp() }).exactOptional(),
    next: z.strictObject({ plan: guardianPlan.exactOptional(), at: timestamp() }).exactOptional(),
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

/** Whose key this became by a rotation or a recovery: a key signs for one identity, and never returns. */
export const takenKeys: StateRecord<{ subject: Uint8Array }> = stateRecord(
  'identity/key',
  z.strictObject({ subject: did() }),
);

/** Whom a guardian or delegate serves: one identity, for ever, so that it never links two. */
export const serving: StateRecord<{ subject: Uint8Array }> = stateRecord(
  'identity/serving',
  z.strictObject({ subject: did() }),
);

/** The latest time at which a recovery or a change that waits ends by itself. */
export const deadline: StateRecord<{ at: number }> = stateRecord(
  'identity/deadline',
  z.strictObject({ at: timestamp() }),
);

/** The identity's document; undefined while nothing of it was ever changed. */
export function documentOf(state: StateView, subject: Uint8Array): Identity | undefined {
  return identities.get(state, toHex(subject));
}

/** The Ed25519 key that signs for this DID at this place of the ledger: its inception key until a rotation or recovery. */
export function currentKeyOf(state: StateView, subject: Uint8Array): Uint8Array {
  return documentOf(state, subject)?.key ?? subject;
}

/** Whether a key signs or signed for an identity by a change of it, or names an identity that was changed itself. */
export function isKeyOfIdentity(state: StateView, key: Uint8Array): boolean {
  return takenKeys.get(state, toHex(key)) !== undefined || documentOf(state, key) !== undefined;
}

/** When a recovery can be finished, once enough guardians approved it. */
export function finishableAt({ reachedAt, delayMs }: Recovery): number | undefined {
  return reachedAt === undefined ? undefined : reachedAt + delayMs;
}

/** When a recovery is over that nobody vetoes or finishes. */
export function endsAt(recovery: Recovery): number {
  const finishable = finishableAt(recovery);
  return finishable === undefined ? recovery.openedAt + approvalTimeMs : finishable + finishTimeMs;
}

/**
 * Whether a recovery that reached its threshold before `decidedAt` keeps what the current key decided from taking effect
 * then: whoever stole the key must not outrun the guardians by it.
 */
function isHeldBack(recovery: Recovery | undefined, decidedAt: number, atMs: number): boolean {
  const reachedAt = recovery?.reachedAt;
  return recovery !== undefined && reachedAt !== undefined && reachedAt < decidedAt && atMs < endsAt(recovery);
}

/** Whom this DID serves as a guardian or delegate, or served once. */
export function servedBy(state: StateView, servant: Uint8Array): Uint8Array | undefined {
  return serving.get(state, toHex(servant))?.subject;
}

/** Whether what the identity decided about its guardians is in force at this time. */
export function isNextInForce(state: StateView, subject: Uint8Array, atMs: number): boolean {
  const next = documentOf(state, subject)?.next;
  if (next === undefined || atMs < next.at) return false;
  return !isHeldBack(recoveriesOf(state, subject).open, next.at, atMs);
}

/** The guardians in force at this time. */
export function guardiansOf(state: StateView, subject: Uint8Array, atMs: number): Guardians | undefined {
  const { guardians, next } = documentOf(state, subject) ?? {};
  if (next === undefined || !isNextInForce(state, subject, atMs)) return guardians;
  return next.plan === undefined ? undefined : { ...next.plan, since: next.at };
}

export function recoveriesOf(state: StateView, subject: Uint8Array): Recoveries {
  return recoveries.get(state, toHex(subject)) ?? { vetoes: 0, openings: [] };
}

/** The recovery that is open at this time. One below its threshold ends with the guardians who opened it. */
export function recoveryOf(state: StateView, subject: Uint8Array, atMs: number): Recovery | undefined {
  const { open } = recoveriesOf(state, subject);
  if (open === undefined || atMs >= endsAt(open)) return undefined;
  if (open.reachedAt !== undefined) return open;
  const guardians = guardiansOf(state, subject, atMs);
  return guardians !== undefined && guardians.since <= open.openedAt ? open : undefined;
}

/** Whether nobody can act as this DID any more. */
export function isDeactivated(state: StateView, subject: Uint8Array, atMs: number): boolean {
  const at = documentOf(state, subject)?.deactivatesAt;
  return at !== undefined && at <= atMs && !isHeldBack(recoveriesOf(state, subject).open, at, atMs);
}

/** What was named and has not ended by this time. */
export function delegationsKept(state: StateView, subject: Uint8Array, atMs: number): readonly Delegation[] {
  return (delegates.get(state, toHex(subject))?.delegates ?? []).filter((delegation) => isWithin(delegation, atMs));
}

/** Everybody who may act for the subject at this time; nobody for one that is deactivated. */
export function delegationsOf(state: StateView, subject: Uint8Array, atMs: number): readonly Delegation[] {
  return isDeactivated(state, subject, atMs) ? [] : delegationsKept(state, subject, atMs);
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
