import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import type { KindDefinition } from '../engine/contract.ts';
import { exampleDid } from '../engine/example.ts';
import { did, name } from '../engine/leaves.ts';
import { documentOf } from '../identity/state.ts';
import type { StateView } from '../ledger-types.ts';
import { domainIsKnown } from '../rules.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';
import { emitEnrolment, keyHolderChanged } from './entries.ts';
import { linkOf, links } from './links.ts';
import { isSentByCustodian, payloadSubjectIsLinked } from './rules.ts';

interface ChangeKeyHolder {
  readonly domain: string;
  readonly subject: Uint8Array;
  readonly keyHolder: KeyHolder;
}

/** How often the subject's key has changed. */
export function keySequenceOf(state: StateView, subject: Uint8Array): number {
  return documentOf(state, subject)?.sequence ?? 0;
}

/**
 * `enrolment.changeKeyHolder`: whoever holds the subject's key hands it on, and the ledger says so. What the custodian
 * gave away it cannot take back: that takes a signature of the key itself.
 */
export const changeKeyHolder: KindDefinition<z.ZodObject & z.ZodType<ChangeKeyHolder>> = {
  summary: "Whoever holds a subject's key hands it to another.",
  effects: [
    'The key was changed before, so that whoever had it cannot use it any more.',
    'The link says who holds the key now; consents granted before keep saying who held it then.',
    "The change is in the subject's history, in every direction.",
  ],
  example: { domain: 'st-mary', subject: exampleDid('subject'), keyHolder: 'subject' },
  schema: z.strictObject({ domain: name(), subject: did(), keyHolder: z.enum(keyHolders) }),
  rules: [
    domainIsKnown,
    payloadSubjectIsLinked,
    {
      name: 'sender-holds-the-key',
      code: 'not-the-key-holder',
      sentence: "Only whoever holds this person's key can hand it to another.",
      permits(context) {
        const { payload, state, sender, saw } = context;
        const holder = linkOf(state, payload.domain, payload.subject)?.keyHolder;
        saw('key held by', holder ?? 'nobody');
        if (equalBytes(sender, payload.subject)) return true;
        return holder === 'custodian' && isSentByCustodian(context, payload.domain);
      },
    },
    {
      name: 'key-holder-is-another',
      code: 'key-holder-unchanged',
      sentence: "The ledger already says that this person's key is held so.",
      permits: ({ payload, state }) => linkOf(state, payload.domain, payload.subject)?.keyHolder !== payload.keyHolder,
    },
    {
      name: 'key-was-changed',
      code: 'key-not-changed',
      sentence: 'Whoever had the key could still use it: change the key first, then say who holds the new one.',
      permits({ payload, state, saw }) {
        const link = linkOf(state, payload.domain, payload.subject);
        if (payload.keyHolder !== 'subject' && link?.keyHolder !== 'custodian') return true;
        const sequence = keySequenceOf(state, payload.subject);
        saw('changes of the key', sequence);
        return sequence > (link?.keySequence ?? 0);
      },
    },
  ],
  apply({ payload, state, sender, block, emit }) {
    const { domain, subject, keyHolder } = payload;
    const link = present(linkOf(state, domain, subject), 'a rule checked that the subject is linked');
    links.put(state, [toHex(subject)], { ...link, keyHolder, keySequence: keySequenceOf(state, subject) });
    const at = block.timestamp;
    const entry = keyHolderChanged.encode({ domain, subject, before: link.keyHolder, keyHolder, by: sender, at });
    emitEnrolment(emit, domain, [subject], entry);
    return undefined;
  },
};
