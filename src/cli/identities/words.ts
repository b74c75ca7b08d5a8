import type { DelegationView, GuardianPlanView, IdentityView, RecoveryView } from '../../api/index.ts';
import type { Style } from '../output/style.ts';
import { facts, table } from '../output/table.ts';
import { countText, durationText, shortDid, shortHash, timeText, whenText } from '../output/words.ts';

/** What the ledger knows of an identity, for people. */
export function identityText(style: Style, identity: IdentityView, nowMs: number): string {
  const { guardians, nextGuardians, recovery, deactivatesAt, nextRecoveryFrom, serves } = identity;
  const changes = identity.sequence === 0 ? 'never changed' : `changed ${countText(identity.sequence, 'time')}`;
  const known = facts(style, [
    ['DID', identity.did],
    ['key', `${identity.key === identity.did ? 'that of the DID' : identity.key} (${changes})`],
    ['version', String(identity.version)],
    ['guardians', guardians === undefined ? 'none' : planText(guardians)],
    ['decided', nextGuardians && `${planOrNone(nextGuardians.plan)}, from ${whenText(nextGuardians.inForceAt, nowMs)}`],
    ['recovery', recovery && recoveryText(recovery, nowMs)],
    ['next recovery', nextRecoveryFrom === undefined ? undefined : `not before ${whenText(nextRecoveryFrom, nowMs)}`],
    ['deactivated', deactivatesAt === undefined ? undefined : whenText(deactivatesAt, nowMs)],
    ['serves', serves],
  ]);
  return identity.delegates.length === 0 ? known : `${known}\n\n${delegatesText(style, identity.delegates)}`;
}

export function delegatesText(style: Style, delegates: readonly DelegationView[]): string {
  return table(
    style,
    ['delegate', 'kind', 'until', 'named by'],
    delegates.map(({ delegate, kind, until, namedBy, domain }) => [
      shortDid(delegate),
      kind,
      until === undefined ? 'it is removed' : timeText(until),
      domain === undefined ? shortDid(namedBy) : `${shortDid(namedBy)} for ${domain}`,
    ]),
  );
}

export function recoveryText(recovery: RecoveryView, nowMs: number): string {
  const { approvals, threshold, finishableAt, endsAt, newKey } = recovery;
  const standing = `${approvals.length} of ${threshold} approvals for the key ${shortDid(newKey)}`;
  const next =
    finishableAt === undefined
      ? `over ${whenText(endsAt, nowMs)} without more`
      : `can be finished from ${whenText(finishableAt, nowMs)} unless it is vetoed`;
  return `${shortHash(recovery.recovery)}: ${standing}; ${next}`;
}

function planText({ threshold, guardians, delayMs }: GuardianPlanView): string {
  return `${threshold} of ${guardians.map(shortDid).join(', ')}, after ${durationText(delayMs)}`;
}

function planOrNone(plan: GuardianPlanView | undefined): string {
  return plan === undefined ? 'no guardians' : planText(plan);
}
