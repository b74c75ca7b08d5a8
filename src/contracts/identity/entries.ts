import { z } from 'zod';
import { did, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type EntryType, entryType } from '../engine/stream-entry.ts';
import { delegationKinds, type GuardianPlan, guardianPlan } from './state.ts';

/* All are in `identity:<subject hex>`: the notice that the subject's wallet, and everybody, sees. */

const count = z.int().min(0);

export const keyRotated: EntryType<{ key: Uint8Array; sequence: number; version: number; at: number }> = entryType(
  'key-rotated',
  z.strictObject({ key: did(), sequence: count, version: count, at: timestamp() }),
);

export interface GuardiansSet {
  /** Absent: there will be none. */
  readonly plan?: GuardianPlan;
  readonly inForceAt: number;
  readonly version: number;
  readonly at: number;
}

export const guardiansSet: EntryType<GuardiansSet> = entryType(
  'guardians-set',
  z.strictObject({ plan: guardianPlan.exactOptional(), inForceAt: timestamp(), version: count, at: timestamp() }),
);

export interface RecoveryApproved {
  readonly recovery: Uint8Array;
  readonly newKey: Uint8Array;
  readonly guardian: Uint8Array;
  readonly approvals: number;
  readonly threshold: number;
  /** From then on it can be finished; absent below the threshold. */
  readonly finishableAt?: number;
  /** From then on it is over. */
  readonly endsAt: number;
  readonly at: number;
}

const approved = z.strictObject({
  recovery: transactionId(),
  newKey: did(),
  guardian: did(),
  approvals: count,
  threshold: count,
  finishableAt: timestamp().exactOptional(),
  endsAt: timestamp(),
  at: timestamp(),
});

export const recoveryOpened: EntryType<RecoveryApproved> = entryType('recovery-opened', approved);
export const recoveryApproved: EntryType<RecoveryApproved> = entryType('recovery-approved', approved);

const vetoWays = ['veto', 'rotation'] as const;

export interface RecoveryVetoed {
  readonly recovery: Uint8Array;
  /** How the current key ended it. */
  readonly by: (typeof vetoWays)[number];
  /** Before then no other can be opened. */
  readonly nextFrom: number;
  readonly at: number;
}

export const recoveryVetoed: EntryType<RecoveryVetoed> = entryType(
  'recovery-vetoed',
  z.strictObject({ recovery: transactionId(), by: z.enum(vetoWays), nextFrom: timestamp(), at: timestamp() }),
);

export interface RecoveryFinished {
  readonly recovery: Uint8Array;
  readonly key: Uint8Array;
  readonly sequence: number;
  readonly version: number;
  readonly finishedBy: Uint8Array;
  readonly at: number;
}

export const recoveryFinished: EntryType<RecoveryFinished> = entryType(
  'recovery-finished',
  z.strictObject({
    recovery: transactionId(),
    key: did(),
    sequence: count,
    version: count,
    finishedBy: did(),
    at: timestamp(),
  }),
);

export const deactivationDecided: EntryType<{ deactivatesAt: number; version: number; at: number }> = entryType(
  'deactivation-decided',
  z.strictObject({ deactivatesAt: timestamp(), version: count, at: timestamp() }),
);

export interface DelegateAdded {
  readonly delegate: Uint8Array;
  readonly kind: (typeof delegationKinds)[number];
  readonly until?: number;
  readonly namedBy: Uint8Array;
  /** Of the custodian that named it; absent when the subject did. */
  readonly domain?: string;
  readonly at: number;
}

export const delegateAdded: EntryType<DelegateAdded> = entryType(
  'delegate-added',
  z.strictObject({
    delegate: did(),
    kind: z.enum(delegationKinds),
    until: timestamp().exactOptional(),
    namedBy: did(),
    domain: name().exactOptional(),
    at: timestamp(),
  }),
);

export const delegateRemoved: EntryType<{ delegate: Uint8Array; removedBy: Uint8Array; at: number }> = entryType(
  'delegate-removed',
  z.strictObject({ delegate: did(), removedBy: did(), at: timestamp() }),
);
