import { z } from 'zod';
import { didText, hashText, nameText, timestampMs, wholeNumber } from './primitives.ts';

export interface GuardianPlanView {
  /** So many of the guardians can recover. */
  readonly threshold: number;
  readonly guardians: readonly string[];
  /** From the approval that reaches the threshold until the recovery can be finished. */
  readonly delayMs: number;
}

export interface RecoveryView {
  /** The id of the transaction that opened it. */
  readonly recovery: string;
  readonly newKey: string;
  readonly openedAt: number;
  /** Guardians, in the order of their approvals. */
  readonly approvals: readonly string[];
  readonly threshold: number;
  /** Absent below the threshold. */
  readonly finishableAt?: number;
  /** When it is over unless it is vetoed or finished before. */
  readonly endsAt: number;
}

export interface DelegationView {
  readonly delegate: string;
  readonly kind: 'proxy' | 'parent';
  readonly from: number;
  /** The first millisecond at which it is over. */
  readonly until?: number;
  readonly namedBy: string;
  /** Of the custodian that named it; absent when the subject did. */
  readonly domain?: string;
}

/** What the ledger knows of an identity. Times are milliseconds since the Unix epoch. */
export interface IdentityView {
  readonly did: string;
  /** The key that signs for it now, in the form of a DID. */
  readonly key: string;
  /** How often the key has changed. */
  readonly sequence: number;
  /** 0 while it was never changed; what a change names as `ifVersion`. */
  readonly version: number;
  readonly deactivated: boolean;
  /** Of one that is, or will be. */
  readonly deactivatesAt?: number;
  readonly guardians?: GuardianPlanView & { readonly since: number };
  /** Decided, and not in force yet; without a plan there will be none. */
  readonly nextGuardians?: { readonly plan?: GuardianPlanView; readonly inForceAt: number };
  readonly recovery?: RecoveryView;
  /** After a veto: before then no recovery can be opened. */
  readonly nextRecoveryFrom?: number;
  /** Who may act for it now. */
  readonly delegates: readonly DelegationView[];
  /** Whom it serves, or served, as a guardian or delegate. */
  readonly serves?: string;
}

const planFields = { threshold: wholeNumber, guardians: z.array(didText), delayMs: wholeNumber };
const plan = z.object(planFields);

export const identityView: z.ZodType<IdentityView, IdentityView> = z.object({
  did: didText,
  key: didText,
  sequence: wholeNumber,
  version: wholeNumber,
  deactivated: z.boolean(),
  deactivatesAt: z.exactOptional(timestampMs),
  guardians: z.exactOptional(z.object({ ...planFields, since: timestampMs })),
  nextGuardians: z.exactOptional(z.object({ plan: z.exactOptional(plan), inForceAt: timestampMs })),
  recovery: z.exactOptional(
    z.object({
      recovery: hashText,
      newKey: didText,
      openedAt: timestampMs,
      approvals: z.array(didText),
      threshold: wholeNumber,
      finishableAt: z.exactOptional(timestampMs),
      endsAt: timestampMs,
    }),
  ),
  nextRecoveryFrom: z.exactOptional(timestampMs),
  delegates: z.array(
    z.object({
      delegate: didText,
      kind: z.enum(['proxy', 'parent']),
      from: timestampMs,
      until: z.exactOptional(timestampMs),
      namedBy: didText,
      domain: z.exactOptional(nameText),
    }),
  ),
  serves: z.exactOptional(didText),
});
