import { z } from 'zod';
import type { KindDefinition } from '../engine/contract.ts';
import { exampleDid, exampleHex } from '../engine/example.ts';
import { bytes, did } from '../engine/leaves.ts';
import { changedDocument, changeKey, endRecovery } from './change.ts';
import { keyRotated } from './entries.ts';
import {
  isProvedKey,
  isUnusedKey,
  keyIsProved,
  keyIsUnused,
  senderIsKnown,
  senderIsNoMember,
  versionIsCurrent,
} from './rules.ts';

interface Rotate {
  readonly newKey: Uint8Array;
  readonly proof: Uint8Array;
  readonly ifVersion: number;
}

/** `identity.rotate`: the current key names the next one. It signs from the next transaction of the same block on. */
export const rotate: KindDefinition<z.ZodObject & z.ZodType<Rotate>> = {
  summary: 'Whoever holds the current key of an identity puts a new key in its place.',
  schema: z.strictObject({
    newKey: did(),
    /** Signature by the new key over ledger, DID, number of key changes so far, and itself. */
    proof: bytes(64),
    /** Version of the identity that is being changed; 0 while it was never changed. */
    ifVersion: z.int().min(0),
  }),
  output: z.strictObject({ sequence: z.int(), version: z.int() }),
  effects: [
    'Only the new key signs for the identity, from the next transaction of the same block on.',
    'A recovery that is open ends, as by a veto; a deactivation that has not taken effect is withdrawn.',
    'Nothing else changes: consents, credentials, guardians and delegates stay as they are.',
    'The history of the identity has an entry that says so.',
  ],
  example: {
    newKey: exampleDid('new key'),
    proof: exampleHex('proof').repeat(2),
    ifVersion: 0,
  },
  rules: [
    senderIsNoMember,
    senderIsKnown,
    versionIsCurrent,
    { ...keyIsUnused, permits: (context) => isUnusedKey(context, context.sender, context.payload.newKey) },
    { ...keyIsProved, permits: (context) => isProvedKey(context, context.sender) },
  ],
  apply(context) {
    const { payload, sender, senderHex, block, emit } = context;
    const document = changedDocument(context, sender);
    endRecovery(context, sender, 'rotation');
    const { key, sequence, version } = changeKey(context, sender, payload.newKey, document);
    emit(`identity:${senderHex}`, keyRotated.encode({ key, sequence, version, at: block.timestamp }));
    return { sequence, version };
  },
};
