import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import type { ApplyContext, KindDefinition } from '../engine/contract.ts';
import { exampleDid } from '../engine/example.ts';
import { parameterOf } from '../governance/parameters.ts';
import { changedDocument, keepTimeUntil, putDocument } from './change.ts';
import { guardiansSet } from './entries.ts';
import { senderIsKnown, senderIsNoMember, servantIsFresh, servesOnly, versionIsCurrent } from './rules.ts';
import { type GuardianPlan, guardianPlan, guardiansOf, serving } from './state.ts';

interface SetGuardians {
  readonly plan?: GuardianPlan;
  readonly ifVersion: number;
}

/**
 * `identity.setGuardians`: who may give the identity a new key. The first guardians count at once. What changes or removes
 * them counts after their own delay, and until then they can still recover: whoever stole the key cannot shut them out.
 */
export const setGuardians: KindDefinition<z.ZodObject & z.ZodType<SetGuardians>> = {
  summary: 'An identity names the guardians who can give it a new key, or does without.',
  schema: z.strictObject({
    /** Absent: it shall have no guardians. */
    plan: guardianPlan.exactOptional(),
    /** Version of the identity that is being changed; 0 while it was never changed. */
    ifVersion: z.int().min(0),
  }),
  output: z.strictObject({ inForceAt: z.int(), version: z.int() }),
  effects: [
    'Where there were no guardians, these are in force at once.',
    'Where there were, the new ones (or none) are in force after the delay of the former ones, who can recover meanwhile; a recovery that reached its threshold before then is brought to its end first.',
    'It takes the place of an earlier change that is not in force yet.',
    'The history of the identity has an entry that says so.',
  ],
  example: {
    plan: {
      threshold: 1,
      guardians: [exampleDid('guardian')],
      delayMs: 259_200_000,
    },
    ifVersion: 0,
  },
  rules: [
    senderIsNoMember,
    senderIsKnown,
    versionIsCurrent,
    {
      name: 'guardians-are-clear',
      code: 'guardians-unclear',
      sentence: 'The threshold is more than there are guardians, or a guardian is named twice.',
      permits({ payload: { plan } }) {
        if (plan === undefined) return true;
        return (
          plan.threshold <= plan.guardians.length && new Set(plan.guardians.map(toHex)).size === plan.guardians.length
        );
      },
    },
    {
      name: 'guardians-are-there',
      code: 'no-guardians',
      sentence: 'This identity has no guardians, so there are none to remove.',
      permits: ({ payload, state, sender, block }) =>
        payload.plan !== undefined || guardiansOf(state, sender, block.timestamp) !== undefined,
    },
    {
      name: 'delay-is-within-bounds',
      code: 'delay-out-of-bounds',
      sentence: 'The delay of a recovery is shorter or longer than this ledger allows.',
      permits({ payload, state, saw }) {
        const minimumMs = parameterOf(state, 'identity.recoveryDelayMinMs');
        const maximumMs = Math.max(minimumMs, parameterOf(state, 'identity.recoveryDelayMaxMs'));
        saw('at least, ms', minimumMs);
        saw('at most, ms', maximumMs);
        return payload.plan === undefined || (minimumMs <= payload.plan.delayMs && payload.plan.delayMs <= maximumMs);
      },
    },
    {
      ...servantIsFresh,
      permits: ({ payload, state, sender }) =>
        (payload.plan?.guardians ?? []).every((guardian) => servesOnly(state, sender, guardian)),
    },
  ],
  apply(context) {
    const { payload, sender, senderHex, block, emit } = context;
    const at = block.timestamp;
    const { plan } = payload;
    const { next: _, ...document } = changedDocument(context, sender);
    const inForceAt = at + (document.guardians?.delayMs ?? 0);
    if (document.guardians === undefined && plan !== undefined)
      putDocument(context, sender, { ...document, guardians: { ...plan, since: at } });
    else
      putDocument(context, sender, { ...document, next: { ...(plan === undefined ? {} : { plan }), at: inForceAt } });
    for (const guardian of plan?.guardians ?? []) serve(context, sender, guardian);
    keepTimeUntil(context, inForceAt);
    const { version } = document;
    const entry = { ...(plan === undefined ? {} : { plan }), inForceAt, version, at };
    emit(`identity:${senderHex}`, guardiansSet.encode(entry));
    return { inForceAt, version };
  },
};

/** From now on this DID serves the subject, and nobody else. */
export function serve({ state }: ApplyContext<unknown>, subject: Uint8Array, servant: Uint8Array): void {
  if (serving.get(state, toHex(servant)) === undefined) serving.put(state, [toHex(servant)], { subject });
}
