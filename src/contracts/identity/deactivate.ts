import { z } from 'zod';
import type { KindDefinition } from '../engine/contract.ts';
import { changedDocument, keepTimeUntil, putDocument } from './change.ts';
import { deactivationDecided } from './entries.ts';
import { senderIsKnown, senderIsNoMember, versionIsCurrent } from './rules.ts';
import { documentOf } from './state.ts';

interface Deactivate {
  readonly ifVersion: number;
}

/**
 * `identity.deactivate`: nobody shall act as this identity any more. Where guardians watch over it, it takes effect after
 * their delay: whoever stole the key cannot destroy what they could still save.
 */
export const deactivate: KindDefinition<z.ZodObject & z.ZodType<Deactivate>> = {
  summary: 'Whoever holds the current key of an identity ends it for good.',
  schema: z.strictObject({
    /** Version of the identity that is being changed; 0 while it was never changed. */
    ifVersion: z.int().min(0),
  }),
  output: z.strictObject({ deactivatesAt: z.int(), version: z.int() }),
  effects: [
    'From the time it takes effect every transaction of the identity is refused, and nobody acts for it; without guardians that is at once, with guardians after their delay.',
    'Until then a rotation or a finished recovery withdraws it, and a recovery that reached its threshold before is brought to its end first.',
    'What the identity had permitted stays permitted: revoke first what shall end.',
    'The history of the identity has an entry that says so.',
  ],
  example: { ifVersion: 0 },
  rules: [
    senderIsNoMember,
    senderIsKnown,
    versionIsCurrent,
    {
      name: 'deactivation-is-new',
      code: 'deactivation-decided',
      sentence: 'The deactivation of this identity is decided already, and takes effect at its time.',
      permits: ({ state, sender }) => documentOf(state, sender)?.deactivatesAt === undefined,
    },
  ],
  apply(context) {
    const { sender, senderHex, block, emit } = context;
    const at = block.timestamp;
    const document = changedDocument(context, sender);
    const deactivatesAt = at + (document.guardians?.delayMs ?? 0);
    putDocument(context, sender, { ...document, deactivatesAt });
    keepTimeUntil(context, deactivatesAt);
    const { version } = document;
    emit(`identity:${senderHex}`, deactivationDecided.encode({ deactivatesAt, version, at }));
    return { deactivatesAt, version };
  },
};
