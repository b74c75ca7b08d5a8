import { z } from 'zod';
import { equalBytes } from '../../../base/index.ts';
import { decisions } from '../../decision/decide.ts';
import type { KindDefinition, RuleContext } from '../../engine/contract.ts';
import { derived } from '../../engine/derived.ts';
import { exampleDid, exampleHex } from '../../engine/example.ts';
import { currentKeyOf } from '../../identity/state.ts';
import { domainIsKnown, senderIsGateway } from '../../rules.ts';
import { type AccessBatch, accessBatch, batchEntriesMax } from './batch.ts';
import { recordEntries } from './record-entries.ts';
import { entryRefusals } from './refusals.ts';
import { accessBatchMessage } from './sealed-batch.ts';
import { type BatchDigests, batchDigests } from './statement.ts';

type Context = RuleContext<AccessBatch>;

const digestsOf: (context: Context) => BatchDigests = derived(({ payload }) => batchDigests(payload));

/**
 * `access.recordBatch`: many decisions and their entries in one, in the order of the batch. For each, the voters decide as
 * for `access.record`; that the agents asked and signed is the gateway's word, by one signature over all of it.
 */
export const recordBatch: KindDefinition<z.ZodObject & z.ZodType<AccessBatch>> = {
  isLarge: true,
  summary: 'Decides on up to a thousand accesses and logs each, under one signature of the gateway.',
  effects: [
    'Each access is decided as access.record decides, and is an entry of its own in its subject’s log; denials, too.',
    'An event that was recorded before, by a batch or alone, adds nothing.',
    'An entry that conflicts with an event of before, or that no rule permits, is not recorded, and the output says why; the others are.',
  ],
  example: {
    domain: 'st-mary',
    askers: [
      {
        agent: exampleDid('clinician'),
        role: 'clinician',
        organisation: 'st-mary',
        purpose: 'TREAT',
        action: 'access',
      },
    ],
    accesses: [
      {
        asker: 0,
        subject: exampleDid('subject'),
        results: [],
        inEmergencyCategory: false,
        items: [
          { eventId: exampleHex('event', 16), resource: exampleHex('resource'), request: exampleHex('request') },
          {
            eventId: exampleHex('other event', 16),
            resource: exampleHex('other'),
            request: exampleHex('other request'),
          },
        ],
      },
    ],
    root: exampleHex('root'),
    signature: exampleHex('signature') + exampleHex('of the gateway'),
  },
  schema: accessBatch,
  output: z.strictObject({
    recorded: z.int().min(0),
    /** Retries of events that were recorded before: nothing was added. */
    duplicates: z.int().min(0),
    /** Not recorded: the outcome says why. */
    refused: z.int().min(0),
    /** By entry, in the order of the batch: the decision, or the code for which it is not recorded. */
    outcomes: z.array(z.enum([...decisions, ...entryRefusals])).max(batchEntriesMax),
    /** By entry: its place in its subject's log, from 0; -1 where it is not recorded. */
    entries: z.array(z.int().min(-1)).max(batchEntriesMax),
  }),
  rules: [
    domainIsKnown,
    senderIsGateway,
    {
      name: 'batch-is-whole',
      code: 'batch-malformed',
      sentence: 'The batch has more than a thousand entries, or names an asker that it does not list.',
      permits({ payload }) {
        const { askers, accesses } = payload;
        const size = accesses.reduce((sum, { items }) => sum + items.length, 0);
        return size <= batchEntriesMax && accesses.every(({ asker }) => asker < askers.length);
      },
    },
    {
      name: 'root-is-of-entries',
      code: 'batch-root-wrong',
      sentence: 'The root that the gateway states is not that of the entries in the batch.',
      permits: (context) => equalBytes(digestsOf(context).root, context.payload.root),
    },
    {
      name: 'batch-is-signed',
      code: 'batch-signature-invalid',
      sentence: 'The batch does not bear the signature of the gateway that is said to have made it.',
      permits(context) {
        const { payload, state, sender, block, verifySignature } = context;
        const message = accessBatchMessage(block.ledgerId, digestsOf(context).size, payload.root);
        return verifySignature(currentKeyOf(state, sender), message, payload.signature);
      },
    },
  ],
  apply: (context) => recordEntries(context, digestsOf(context).asked),
};
