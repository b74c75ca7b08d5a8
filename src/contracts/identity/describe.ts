import { toHex } from '../../base/index.ts';
import { encodeDid } from '../../crypto/portable.ts';
import type { StateView } from '../ledger-types.ts';
import { nextRecoveryFrom } from './change.ts';
import {
  currentKeyOf,
  type Delegation,
  delegationsOf,
  documentOf,
  endsAt,
  finishableAt,
  type GuardianPlan,
  guardiansOf,
  isDeactivated,
  isNextInForce,
  type Recovery,
  recoveriesOf,
  recoveryOf,
  servedBy,
} from './state.ts';

/**
 * JSON form of what the ledger knows of an identity at this time: the key that signs for it, who watches over it, what is
 * open, who acts for it. Every DID has one, known or not.
 */
export function describeIdentity(state: StateView, subject: Uint8Array, atMs: number): Record<string, unknown> {
  const document = documentOf(state, subject);
  const guardians = guardiansOf(state, subject, atMs);
  const recovery = recoveryOf(state, subject, atMs);
  const next = isNextInForce(state, subject, atMs) ? undefined : document?.next;
  const recoverableFrom = guardians === undefined ? 0 : nextRecoveryFrom(recoveriesOf(state, subject), guardians);
  const serves = servedBy(state, subject);
  return {
    did: encodeDid(subject),
    key: encodeDid(currentKeyOf(state, subject)),
    sequence: document?.sequence ?? 0,
    version: document?.version ?? 0,
    deactivated: isDeactivated(state, subject, atMs),
    ...(document?.deactivatesAt === undefined ? {} : { deactivatesAt: document.deactivatesAt }),
    ...(guardians === undefined ? {} : { guardians: { ...describePlan(guardians), since: guardians.since } }),
    ...(next === undefined
      ? {}
      : {
          nextGuardians: { ...(next.plan === undefined ? {} : { plan: describePlan(next.plan) }), inForceAt: next.at },
        }),
    ...(recovery === undefined ? {} : { recovery: describeRecovery(recovery) }),
    ...(recoverableFrom > atMs ? { nextRecoveryFrom: recoverableFrom } : {}),
    delegates: delegationsOf(state, subject, atMs).map(describeDelegation),
    ...(serves === undefined ? {} : { serves: encodeDid(serves) }),
  };
}

function describePlan({ threshold, guardians, delayMs }: GuardianPlan): Record<string, unknown> {
  return { threshold, guardians: guardians.map(encodeDid), delayMs };
}

function describeRecovery(recovery: Recovery): Record<string, unknown> {
  const finishable = finishableAt(recovery);
  return {
    recovery: toHex(recovery.id),
    newKey: encodeDid(recovery.newKey),
    openedAt: recovery.openedAt,
    approvals: recovery.approvals.map(encodeDid),
    threshold: recovery.threshold,
    ...(finishable === undefined ? {} : { finishableAt: finishable }),
    endsAt: endsAt(recovery),
  };
}

function describeDelegation({ delegate, namedBy, ...rest }: Delegation): Record<string, unknown> {
  return { delegate: encodeDid(delegate), ...rest, namedBy: encodeDid(namedBy) };
}
