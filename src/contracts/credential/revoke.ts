import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import type { KindDefinition } from '../engine/contract.ts';
import { transactionId } from '../engine/leaves.ts';
import { credentialRevoked } from './entries.ts';
import { issuedCredential, type OnCredential, replaceHeld, rulesOfIssuer } from './rules.ts';
import { issued } from './state.ts';

/** `credential.revoke`: the member that issued a credential ends it for good. */
export const revoke: KindDefinition<z.ZodObject & z.ZodType<OnCredential>> = {
  summary: 'The member that issued a credential ends it for good.',
  schema: z.strictObject({ credential: transactionId() }),
  effects: [
    'From this block on the agent holds the role no more by this credential.',
    'The history of the agent has an entry that says so.',
  ],
  example: { credential: '3f1a'.repeat(16) },
  rules: rulesOfIssuer,
  apply(context) {
    const { payload, state, block, emit } = context;
    const record = issuedCredential(context);
    const { agent } = record;
    const at = block.timestamp;
    replaceHeld(context, undefined);
    issued.put(state, [toHex(payload.credential)], { ...record, revokedAt: at });
    emit(`credentials:${toHex(agent)}`, credentialRevoked.encode({ credential: payload.credential, agent, at }));
    return undefined;
  },
};
