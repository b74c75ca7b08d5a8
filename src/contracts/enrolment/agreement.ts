import { z } from 'zod';
import { equalBytes, toHex } from '../../base/index.ts';
import type { KindDefinition } from '../engine/contract.ts';
import { exampleDid } from '../engine/example.ts';
import { did, name, timestamp } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';
import { domainIsKnown, isLinked, subjectIsLinked } from '../rules.ts';
import { emitEnrolment, mergeAgreed } from './entries.ts';

/** That a subject may be merged into another one, once, until a time. */
export const agreements: StateRecord<{ surviving: Uint8Array; until: number }> = stateRecord(
  'enrolment/agreement',
  z.strictObject({ surviving: did(), until: timestamp() }),
);

export function hasAgreed(state: StateView, absorbed: Uint8Array, surviving: Uint8Array, atMs: number): boolean {
  const agreement = agreements.get(state, toHex(absorbed));
  return agreement !== undefined && equalBytes(agreement.surviving, surviving) && atMs < agreement.until;
}

/** 30 days. */
export const agreementMaxMs = 2_592_000_000;

interface AgreeToMerge {
  readonly domain: string;
  readonly surviving: Uint8Array;
  readonly until: number;
}

/**
 * `enrolment.agreeToMerge`: a subject lets its custodian merge it into another one. A new agreement replaces the one
 * before; a merge uses it up.
 */
export const agreeToMerge: KindDefinition<z.ZodObject & z.ZodType<AgreeToMerge>> = {
  summary: 'A subject that holds its key agrees to be merged into another subject of the domain.',
  effects: ['Until it ends, the custodian can merge the two, once.'],
  example: { domain: 'st-mary', surviving: exampleDid('surviving subject'), until: 1_790_000_000_000 },
  schema: z.strictObject({
    domain: name(),
    surviving: did(),
    /** At most 30 days ahead. */
    until: timestamp(),
  }),
  rules: [
    domainIsKnown,
    {
      ...subjectIsLinked,
      permits(context) {
        const { domain, surviving } = context.payload;
        return isLinked(context, domain, context.sender) && isLinked(context, domain, surviving);
      },
    },
    {
      name: 'agreement-ends-soon',
      code: 'agreement-period',
      sentence: 'An agreement to a merge ends in the future, and within 30 days.',
      permits: ({ payload, block }) =>
        block.timestamp < payload.until && payload.until <= block.timestamp + agreementMaxMs,
    },
  ],
  apply({ payload, state, sender, senderHex, block, emit }) {
    const { domain, surviving, until } = payload;
    agreements.put(state, [senderHex], { surviving, until });
    const entry = mergeAgreed.encode({ domain, surviving, absorbed: sender, until, at: block.timestamp });
    emitEnrolment(emit, domain, [sender], entry);
    return undefined;
  },
};
