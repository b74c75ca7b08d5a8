import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import type { ApplyContext, KindDefinition, RuleContext } from '../engine/contract.ts';
import { exampleDid, exampleHex } from '../engine/example.ts';
import { bytes, did, timestamp, transactionId } from '../engine/leaves.ts';
import { changedDocument, changeKey, endRecovery, keepTimeUntil, nextRecoveryFrom } from './change.ts';
import { type RecoveryApproved, recoveryApproved, recoveryFinished, recoveryOpened } from './entries.ts';
import {
  aboutActiveSubject,
  isGuardian,
  isProvedKey,
  isStillUnusedKey,
  isUnusedKey,
  keyIsProved,
  keyIsUnused,
  namedRecoveryIsOpen,
  recoveryIsOpen,
  senderIsGuardian,
} from './rules.ts';
import {
  documentOf,
  endsAt,
  finishableAt,
  type Guardians,
  guardiansOf,
  type Recoveries,
  type Recovery,
  recoveries,
  recoveriesOf,
  recoveryOf,
} from './state.ts';

interface OpenRecovery {
  readonly subject: Uint8Array;
  readonly newKey: Uint8Array;
  readonly proof: Uint8Array;
}

interface OnRecovery {
  readonly subject: Uint8Array;
  readonly recovery: Uint8Array;
}

const standing = {
  approvals: z.int(),
  threshold: z.int(),
  /** From then on it can be finished; absent below the threshold. */
  finishableAt: timestamp().exactOptional(),
};

const exampleRecovery = { subject: exampleDid('subject'), recovery: exampleHex('recovery') };

/**
 * `identity.openRecovery`: a guardian names the key that the identity shall have, and approves it by doing so. Below its
 * threshold a recovery can be replaced by another guardian's, so that no guardian keeps the others from acting; and each
 * can open but one in the time of a delay, so that it does not replace theirs for ever.
 */
export const openRecovery: KindDefinition<z.ZodObject & z.ZodType<OpenRecovery>> = {
  summary: 'A guardian asks that an identity whose key was lost or stolen gets a new key.',
  schema: z.strictObject({
    subject: did(),
    newKey: did(),
    /** Signature by the new key over ledger, DID, number of key changes so far, and itself. */
    proof: bytes(64),
  }),
  output: z.strictObject({ recovery: transactionId(), ...standing }),
  effects: [
    'A recovery is open, with the approval of this guardian; one that was open below its threshold is over.',
    'It ends after seven days without enough approvals, and seven days after it could be finished.',
    'The history of the identity has an entry that says so: that is the notice to whoever holds the current key.',
  ],
  example: { subject: exampleDid('subject'), newKey: exampleDid('new key'), proof: exampleHex('proof').repeat(2) },
  rules: [
    senderIsGuardian,
    aboutActiveSubject,
    {
      name: 'no-recovery-runs',
      code: 'recovery-open',
      sentence: 'A recovery that enough guardians approved is open; it must be vetoed, finished or over first.',
      permits: ({ payload, state, block }) =>
        recoveryOf(state, payload.subject, block.timestamp)?.reachedAt === undefined,
    },
    {
      name: 'vetoes-are-respected',
      code: 'recovery-vetoed',
      sentence: 'The last recovery was vetoed, and the time until there can be another is not over.',
      permits(context) {
        const { payload, state, block, saw } = context;
        const from = nextRecoveryFrom(recoveriesOf(state, payload.subject), guardiansFor(context));
        saw('possible from', from);
        return block.timestamp >= from;
      },
    },
    {
      name: 'guardian-waits',
      code: 'recovery-too-soon',
      sentence: 'A guardian can open one recovery in the time of a delay; another guardian can open one now.',
      permits: (context) => !openingsThatCount(context).some(({ guardian }) => equalBytes(guardian, context.sender)),
    },
    {
      ...keyIsUnused,
      permits: (context) => isUnusedKey(context, context.payload.subject, context.payload.newKey),
    },
    { ...keyIsProved, permits: (context) => isProvedKey(context, context.payload.subject) },
  ],
  apply(context) {
    const { payload, state, sender, transaction, block } = context;
    const at = block.timestamp;
    const { threshold, delayMs } = guardiansFor(context);
    const opened: Recovery = {
      id: transaction.id,
      newKey: payload.newKey,
      sequence: documentOf(state, payload.subject)?.sequence ?? 0,
      threshold,
      delayMs,
      openedAt: at,
      approvals: [sender],
      ...(threshold === 1 ? { reachedAt: at } : {}),
    };
    const openings = [...openingsThatCount(context), { guardian: sender, at }];
    recoveries.put(state, [toHex(payload.subject)], {
      ...recoveriesOf(state, payload.subject),
      open: opened,
      openings,
    });
    return { recovery: opened.id, ...tell(context, opened, recoveryOpened.encode) };
  },
};

/** `identity.approveRecovery`: another guardian agrees. The delay runs from the approval that reaches the threshold. */
export const approveRecovery: KindDefinition<z.ZodObject & z.ZodType<OnRecovery>> = {
  summary: 'Another guardian approves a recovery that is open.',
  schema: z.strictObject({ subject: did(), recovery: transactionId() }),
  output: z.strictObject(standing),
  effects: [
    'The approval counts; the one that reaches the threshold begins the delay.',
    'The history of the identity has an entry that says so.',
  ],
  example: exampleRecovery,
  rules: [
    senderIsGuardian,
    aboutActiveSubject,
    namedRecoveryIsOpen,
    {
      name: 'guardian-approves-once',
      code: 'already-approved',
      sentence: 'This guardian has approved this recovery already.',
      permits: (context) => !openRecoveryOf(context).approvals.some((other) => equalBytes(other, context.sender)),
    },
  ],
  apply(context) {
    const { payload, state, sender, block } = context;
    const before = openRecoveryOf(context);
    const approvals = [...before.approvals, sender];
    const reaches = before.reachedAt === undefined && approvals.length >= before.threshold;
    const approved = { ...before, approvals, ...(reaches ? { reachedAt: block.timestamp } : {}) };
    recoveries.put(state, [toHex(payload.subject)], { ...recoveriesOf(state, payload.subject), open: approved });
    return tell(context, approved, recoveryApproved.encode);
  },
};

/** `identity.vetoRecovery`: the current key ends the recovery that is open, at once, whichever it is. */
export const vetoRecovery: KindDefinition<z.ZodObject & z.ZodType<Record<string, never>>> = {
  summary: 'Whoever holds the current key of an identity ends the recovery that is open.',
  schema: z.strictObject({}),
  effects: [
    'The recovery is over at once, whatever it had reached.',
    'No other can be opened for the time of a delay; each further veto doubles that time, up to sixteen delays.',
    'The history of the identity has an entry that says so.',
  ],
  example: {},
  rules: [
    {
      ...recoveryIsOpen,
      permits: ({ state, sender, block }) => recoveryOf(state, sender, block.timestamp) !== undefined,
    },
  ],
  apply(context) {
    endRecovery(context, context.sender, 'veto');
    return undefined;
  },
};

/** `identity.finishRecovery`: after the delay, unless there was a veto, the new key takes the place of the current one. */
export const finishRecovery: KindDefinition<z.ZodObject & z.ZodType<OnRecovery>> = {
  summary: 'A guardian, or the new key itself, finishes a recovery whose delay is over.',
  schema: z.strictObject({ subject: did(), recovery: transactionId() }),
  output: z.strictObject({ sequence: z.int(), version: z.int() }),
  effects: [
    'Only the new key signs for the identity, from the next transaction of the same block on.',
    'What the former key decided about guardians or deactivation and had not taken effect is dropped.',
    'Nothing else changes: the new key can read and grant no more and no less than the former one.',
    'The history of the identity has an entry that says so.',
  ],
  example: exampleRecovery,
  rules: [
    aboutActiveSubject,
    namedRecoveryIsOpen,
    {
      name: 'sender-may-finish',
      code: 'not-to-finish',
      sentence: 'Only a guardian of this identity, or the new key itself, can finish the recovery.',
      permits: (context) =>
        isGuardian(context, context.payload.subject) || equalBytes(context.sender, openRecoveryOf(context).newKey),
    },
    {
      name: 'threshold-is-reached',
      code: 'recovery-not-approved',
      sentence: 'Not enough guardians have approved this recovery.',
      permits: (context) => openRecoveryOf(context).reachedAt !== undefined,
    },
    {
      name: 'delay-is-over',
      code: 'recovery-delayed',
      sentence: 'The delay in which the current key can veto is not over.',
      permits(context) {
        const from = finishableAt(openRecoveryOf(context)) ?? Number.POSITIVE_INFINITY;
        context.saw('can be finished from', from);
        return context.block.timestamp >= from;
      },
    },
    { ...keyIsUnused, permits: (context) => isStillUnusedKey(context, openRecoveryOf(context).newKey) },
  ],
  apply(context) {
    const { payload, state, sender, block, emit } = context;
    const { subject } = payload;
    const recovery = openRecoveryOf(context);
    const { next: _, ...document } = changedDocument(context, subject);
    const { key, sequence, version } = changeKey(context, subject, recovery.newKey, document);
    recoveries.put(state, [toHex(subject)], { vetoes: 0, openings: [] });
    const entry = { recovery: recovery.id, key, sequence, version, finishedBy: sender, at: block.timestamp };
    emit(`identity:${toHex(subject)}`, recoveryFinished.encode(entry));
    return { sequence, version };
  },
};

function openRecoveryOf({ payload, state, block }: RuleContext<OnRecovery>): Recovery {
  return present(recoveryOf(state, payload.subject, block.timestamp), 'a rule checked that the recovery is open');
}

function guardiansFor({ payload, state, block }: RuleContext<{ subject: Uint8Array }>): Guardians {
  return present(guardiansOf(state, payload.subject, block.timestamp), 'a rule checked that the sender is a guardian');
}

/** What guardians of now opened in the time of one delay. */
function openingsThatCount(context: RuleContext<{ subject: Uint8Array }>): Recoveries['openings'] {
  const { payload, state, block } = context;
  const { guardians, delayMs } = guardiansFor(context);
  return recoveriesOf(state, payload.subject).openings.filter(
    ({ guardian, at }) => block.timestamp < at + delayMs && guardians.some((current) => equalBytes(current, guardian)),
  );
}

function tell(
  context: ApplyContext<{ subject: Uint8Array }>,
  recovery: Recovery,
  encode: (entry: RecoveryApproved) => Uint8Array,
): { approvals: number; threshold: number; finishableAt?: number } {
  const { payload, sender, block } = context;
  const { id, newKey, threshold } = recovery;
  const finishable = finishableAt(recovery);
  const stands = {
    approvals: recovery.approvals.length,
    threshold,
    ...(finishable === undefined ? {} : { finishableAt: finishable }),
  };
  const end = endsAt(recovery);
  keepTimeUntil(context, end);
  const entry = { recovery: id, newKey, guardian: sender, ...stands, endsAt: end, at: block.timestamp };
  context.emit(`identity:${toHex(payload.subject)}`, encode(entry));
  return stands;
}
