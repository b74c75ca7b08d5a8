import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import { commitment, did, name, timestamp } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';
import { type KeyHolder, keyHolders } from '../tables/codes.ts';

/**
 * A subject as its one domain knows it: no other domain knows the same DID (protocol.md §2). Stays when the subject is
 * unlinked, so that the same domain can link it again.
 */
export interface Link {
  readonly domain: string;
  readonly subject: Uint8Array;
  /** Salted commitment to the chart. */
  readonly chart: Uint8Array;
  readonly keyHolder: KeyHolder;
  /** How often the subject's key had changed when its holder was recorded. */
  readonly keySequence: number;
  readonly linkedAt: number;
  readonly gateway: Uint8Array;
  /** Absent while the link is in force. */
  readonly unlinkedAt?: number;
  /** The subject that has this one's chart, too. A subject that was merged into another takes none itself. */
  readonly mergedInto?: Uint8Array;
  /** Subjects merged into this one, in the order of the merges; absent when there are none. */
  readonly absorbed?: readonly Uint8Array[];
}

/** Subjects that can be merged into one at a time. */
export const absorbedMax = 8;

export const links: StateRecord<Link> = stateRecord(
  'enrolment/link',
  z.strictObject({
    domain: name(),
    subject: did(),
    chart: commitment(),
    keyHolder: z.enum(keyHolders),
    keySequence: z.int().min(0),
    linkedAt: timestamp(),
    gateway: did(),
    unlinkedAt: timestamp().exactOptional(),
    mergedInto: did().exactOptional(),
    absorbed: z.array(did()).max(absorbedMax).exactOptional(),
  }),
);

/** How the domain knows the subject, if it does now. An unlinked subject has no link; a merged one keeps its own. */
export function linkOf(state: StateView, domain: string, subject: Uint8Array): Link | undefined {
  const link = pastLinkOf(state, domain, subject);
  return link?.unlinkedAt === undefined ? link : undefined;
}

/** The link as it stands or last stood: for what puts things right after a subject was unlinked. */
export function pastLinkOf(state: StateView, domain: string, subject: Uint8Array): Link | undefined {
  const link = links.get(state, toHex(subject));
  return link?.domain === domain ? link : undefined;
}

/**
 * All subjects whose consents count for this one: itself first, then those it is merged with, either way. Empty when
 * the domain does not know the subject now. Symmetric: whoever counts for a subject has that subject count for it.
 *
 * Of the others' consents only what narrows counts (denials, and a permit's WEAK_DENY); a permit counts for the one
 * who granted it alone. So no merge widens what is decided for a subject, not even a wrong one (docs/enrolment.md,
 * "Merge").
 */
export function subjectsOf(state: StateView, domain: string, subject: Uint8Array): readonly Uint8Array[] {
  const link = linkOf(state, domain, subject);
  if (link === undefined) return [];
  const { mergedInto } = link;
  if (mergedInto === undefined && link.absorbed === undefined) return [subject];
  const survivor = mergedInto === undefined ? link : linkOf(state, domain, mergedInto);
  const { subject: first, absorbed = [] } = present(survivor, 'nobody is unlinked who is merged');
  return [subject, ...[first, ...absorbed].filter((other) => !equalBytes(other, subject))];
}
