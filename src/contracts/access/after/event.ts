import type { z } from 'zod';
import { toHex } from '../../../base/index.ts';
import { sha256 } from '../../../crypto/portable.ts';
import type { ApplyContext, Rule, RuleContext } from '../../engine/contract.ts';
import { wireCodec } from '../../engine/wire.ts';
import { pastLinkOf } from '../../enrolment/state.ts';
import { encodeCanonical } from '../../ledger-types.ts';
import { subjectIsLinked } from '../../rules.ts';
import { type EventKey, events } from '../events.ts';
import { eventIsConsistent } from '../rules.ts';
import { accessLogOf, appendToLog } from '../state.ts';

/** What every addition to a log carries: the sender's name for the event, and whose log. */
export interface Addition {
  readonly eventId: Uint8Array;
  readonly domain: string;
  readonly subject: Uint8Array;
}

/** How one kind of addition keeps its events apart: a retry, signed anew or not, adds nothing and gets the same answer. */
export interface AdditionEvents<P extends Addition> {
  readonly isConsistent: Rule<P>;
  /** The rule, for what is no retry. */
  first(rule: Rule<P>): Rule<P>;
  /** Adds the entry to the subject's log, shows it, and remembers the event; of a retry, the first answer. */
  add(context: ApplyContext<P>, entry: () => Uint8Array): { readonly entry: number; readonly duplicate: boolean };
}

export function additionEvents<P extends Addition>(
  kind: string,
  schema: z.ZodObject & z.ZodType<P>,
): AdditionEvents<P> {
  const codec = wireCodec(schema, kind);
  const keyOf = ({ payload, senderHex }: RuleContext<P>): EventKey => {
    return { owner: [senderHex], id: toHex(payload.eventId) };
  };
  const digestOf = ({ payload }: RuleContext<P>): Uint8Array =>
    sha256(encodeCanonical([kind, codec.toWire(payload as z.output<typeof schema>)]));
  const isRetry = (context: RuleContext<P>): boolean => events.get(context.state, keyOf(context)) !== undefined;
  return {
    isConsistent: {
      ...eventIsConsistent,
      permits: (context) => eventIsConsistent.holds(context, keyOf(context), digestOf(context)),
    },
    first: (rule) => ({ ...rule, permits: (context) => isRetry(context) || rule.permits(context) }),
    add(context, encode) {
      const { payload, state, emit } = context;
      const before = events.get(state, keyOf(context));
      if (before !== undefined) return { entry: before.entry, duplicate: true };
      const encoded = encode();
      const entry = appendToLog(state, payload.subject, encoded);
      emit(`access:${toHex(payload.subject)}`, encoded);
      events.put(state, keyOf(context), { digest: digestOf(context), entry });
      return { entry, duplicate: false };
    },
  };
}

/** What puts a log right holds also for a subject that the custodian has unlinked. */
export const subjectWasLinked: Rule<{ domain: string; subject: Uint8Array }> = {
  ...subjectIsLinked,
  permits: ({ payload, state }) => pastLinkOf(state, payload.domain, payload.subject) !== undefined,
};

export const entryIsInLog: Rule<{ subject: Uint8Array; entry: number }> = {
  name: 'entry-is-in-log',
  code: 'entry-unknown',
  sentence: 'The log of this person has no entry at this place.',
  permits: ({ payload, state }) => payload.entry < (accessLogOf(state, payload.subject)?.size ?? 0),
};
