import { z } from 'zod';
import type { PurposeOfUse } from '../../decision/index.ts';
import { consentsPerSubjectMax } from '../consent/in-force.ts';
import {
  type Decision,
  type DecisionOutcome,
  type DecisionReason,
  decisionReasons,
  decisions,
} from '../decision/decide.ts';
import { type LayeredEncoder, layeredEncoder } from '../engine/layered-encoder.ts';
import { bytes, commitment, did, eventId, name, timestamp, transactionId } from '../engine/leaves.ts';
import { type EntryType, entryType, type ReadableEntryType } from '../engine/stream-entry.ts';
import { type Action, actions, type Category, categories, type Role, roles } from '../tables/codes.ts';
import { purpose } from '../tables/purpose.ts';

interface EntryHead {
  readonly transaction: Uint8Array;
  readonly eventId: Uint8Array;
  /** Block time. */
  readonly at: number;
  readonly ruleSet: string;
  readonly subject: Uint8Array;
  readonly domain: string;
  readonly agent: Uint8Array;
  readonly role: Role;
  readonly organisation: string;
}

const entryHead = {
  transaction: transactionId(),
  eventId: eventId(),
  at: timestamp(),
  ruleSet: z.string().max(64),
  subject: did(),
  domain: name(),
  agent: did(),
  role: z.enum(roles),
  organisation: name(),
};

/** One exact version of a consent that a decision looked at. */
export interface NamedConsent {
  readonly consent: Uint8Array;
  readonly version: number;
  /** Mask of what it could have come to. */
  readonly results: number;
  readonly determining: boolean;
}

/** A decision, permit or deny, and its entry in one. */
export interface AccessEntry extends EntryHead {
  readonly gateway: Uint8Array;
  readonly purpose: PurposeOfUse;
  readonly action: Action;
  readonly decision: Decision;
  readonly reason: DecisionReason;
  readonly consents: readonly NamedConsent[];
  /** Salted commitment to the resource. */
  readonly resource: Uint8Array;
  /** SHA-256 of the agent's signed request. */
  readonly request: Uint8Array;
  /** The legal basis that was cited; such an access is a disclosure. */
  readonly legalBasis?: string;
  /** The break-glass that permitted. */
  readonly breakGlass?: Uint8Array;
  /** Place in the batch that recorded it: then that the agent signed the request is the gateway's word. */
  readonly batchPlace?: number;
}

/** The consents that a decision looked at, as its entry names them. */
export function namedConsents({ considered, determining }: DecisionOutcome): NamedConsent[] {
  return considered.map(({ id, version, results }, place) => {
    return { consent: id, version, results, determining: determining.includes(place) };
  });
}

const accessEntry: z.ZodObject & z.ZodType<AccessEntry> = z.strictObject({
  ...entryHead,
  gateway: did(),
  purpose: purpose(),
  action: z.enum(actions),
  decision: z.enum(decisions),
  reason: z.enum(decisionReasons),
  consents: z
    .array(
      z.strictObject({
        consent: transactionId(),
        version: z.int(),
        results: z.int().min(1).max(15),
        determining: z.boolean(),
      }),
    )
    .max(consentsPerSubjectMax),
  resource: commitment(),
  request: bytes(32),
  legalBasis: name().exactOptional(),
  breakGlass: transactionId().exactOptional(),
  batchPlace: z.int().min(0).exactOptional(),
});

/** In `access:<subject hex>` and a leaf of the subject's log. */
export const accessRecorded: ReadableEntryType<AccessEntry> = entryType('access-recorded', accessEntry);

/** The same of many accesses: of one agent, then to one subject, then to each resource. */
export const accessesRecorded: LayeredEncoder<
  AccessEntry,
  'subject' | 'decision' | 'reason' | 'consents' | 'breakGlass',
  'eventId' | 'resource' | 'request' | 'batchPlace'
> = layeredEncoder(
  accessEntry,
  'access-recorded',
  {
    group: ['subject', 'decision', 'reason', 'consents', 'breakGlass'],
    own: ['eventId', 'resource', 'request', 'batchPlace'],
  },
  ['access-recorded'],
);

/** A glass that was broken: shown to the subject at once, to be reviewed until `reviewBy`. */
export interface BreakGlassEntry extends EntryHead {
  readonly categories: readonly Category[];
  /** Salted commitment to the justification. */
  readonly justification: Uint8Array;
  readonly expiresAt: number;
  readonly reviewBy: number;
}

/** In `access:<subject hex>` and a leaf of the subject's log. */
export const glassBroken: EntryType<BreakGlassEntry> = entryType(
  'glass-broken',
  z.strictObject({
    ...entryHead,
    categories: z.array(z.enum(categories)).max(categories.length),
    justification: commitment(),
    expiresAt: timestamp(),
    reviewBy: timestamp(),
  }),
);
