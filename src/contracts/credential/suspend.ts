import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import type { ApplyContext, KindDefinition } from '../engine/contract.ts';
import { transactionId } from '../engine/leaves.ts';
import type { EntryType } from '../engine/stream-entry.ts';
import { type CredentialChange, credentialResumed, credentialSuspended } from './entries.ts';
import { heldCredential, issuedCredential, type OnCredential, replaceHeld, rulesOfIssuer } from './rules.ts';
import type { Credential } from './state.ts';

const example = { credential: '3f1a'.repeat(16) };

/** `credential.suspend`: the member that issued a credential stops it from counting, until it lets it count again. */
export const suspend: KindDefinition<z.ZodObject & z.ZodType<OnCredential>> = {
  summary: 'The member that issued a credential stops it from counting for a while.',
  schema: z.strictObject({ credential: transactionId() }),
  effects: [
    'From this block on the credential does not count, until it is resumed; its period goes on.',
    'The history of the agent has an entry that says so.',
  ],
  example,
  rules: [
    ...rulesOfIssuer,
    {
      name: 'credential-counts',
      code: 'credential-suspended',
      sentence: 'This credential is already suspended.',
      permits: (context) => heldCredential(context).suspendedAt === undefined,
    },
  ],
  apply(context) {
    change(context, { ...heldCredential(context), suspendedAt: context.block.timestamp }, credentialSuspended);
    return undefined;
  },
};

/** `credential.resume`: what was suspended counts again. */
export const resume: KindDefinition<z.ZodObject & z.ZodType<OnCredential>> = {
  summary: 'The member that suspended a credential lets it count again.',
  schema: z.strictObject({ credential: transactionId() }),
  effects: [
    'From this block on the credential counts again, within its period.',
    'The history of the agent has an entry that says so.',
  ],
  example,
  rules: [
    ...rulesOfIssuer,
    {
      name: 'credential-is-suspended',
      code: 'credential-not-suspended',
      sentence: 'This credential is not suspended.',
      permits: (context) => heldCredential(context).suspendedAt !== undefined,
    },
  ],
  apply(context) {
    const { suspendedAt: _, ...credential } = heldCredential(context);
    change(context, credential, credentialResumed);
    return undefined;
  },
};

function change(context: ApplyContext<OnCredential>, changed: Credential, type: EntryType<CredentialChange>): void {
  const { agent } = issuedCredential(context);
  replaceHeld(context, changed);
  const entry = type.encode({ credential: changed.id, agent, at: context.block.timestamp });
  context.emit(`credentials:${toHex(agent)}`, entry);
}
