import { z } from 'zod';
import { present, toHex } from '../../base/index.ts';
import type { KindDefinition } from '../engine/contract.ts';
import { transactionId } from '../engine/leaves.ts';
import { delegateOf } from './content.ts';
import { consentRevoked } from './entries.ts';
import { changeInForce } from './in-force.ts';
import { provisionsOf } from './open.ts';
import { bytesOfRecords, consents } from './state.ts';
import { consentIsInForce, consentIsOwn, consentVersionIsCurrent, namedConsent } from './who.ts';

interface Revoke {
  readonly consent: Uint8Array;
  readonly ifVersion?: number;
}

/**
 * `consent.revoke`: works at once, also where the custodian no longer knows the subject. To end a consent that denies can
 * open something, and so asks for the authority of a grant: only the subject, or who may grant for it, revokes at all.
 */
export const revoke: KindDefinition<z.ZodObject & z.ZodType<Revoke>> = {
  summary: 'A person takes a consent back.',
  schema: z.strictObject({
    consent: transactionId(),
    /** Revokes only this version; absent: whatever stands. */
    ifVersion: z.int().min(1).exactOptional(),
  }),
  output: z.strictObject({
    version: z.int(),
    /** `denials`: it held one, so that its end may open something. */
    held: z.enum(['permits', 'denials']),
  }),
  example: { consent: '5f'.repeat(32) },
  effects: [
    'The consent decides nothing from this block on; it stays readable.',
    'An entry `consent-revoked`, which says whether it held a denial: its end may open something.',
  ],
  rules: [consentIsOwn, consentIsInForce, consentVersionIsCurrent],
  apply(context) {
    const { state, sender, block } = context;
    const record = present(namedConsent(context), 'a rule checked that the consent is there');
    const { id, domain, subject } = record;
    const version = record.version + 1;
    const at = block.timestamp;
    changeInForce(state, subject, domain, { ending: [id], bytesAdded: -bytesOfRecords(state, [id]) });
    consents.put(state, [toHex(id)], { ...record, version, revokedAt: at });
    const held = provisionsOf(record).some(({ type }) => type === 'deny') ? 'denials' : 'permits';
    const ended = { consent: id, version, subject, domain, at, ...delegateOf(sender, subject), held } as const;
    context.emit(`consents:${toHex(subject)}`, consentRevoked.encode(ended));
    return { version, held };
  },
};
