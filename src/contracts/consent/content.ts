import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import type { ApplyContext } from '../engine/contract.ts';
import { did, name, type TextLeaf, transactionId } from '../engine/leaves.ts';
import type { EntryType } from '../engine/stream-entry.ts';
import { linkOf } from '../enrolment/state.ts';
import { consentGranted } from './entries.ts';
import { changeInForce } from './in-force.ts';
import type { ProvisionTree } from './open.ts';
import { nestedProvisions, provision } from './provision.ts';
import { bytesOfRecords, type Consent, consents } from './state.ts';

/** Where a new consent is to hold, and for whom the sender acts. */
export interface Placed {
  readonly domain: string;
  readonly subject?: Uint8Array;
}

/** A new consent's payload. */
export interface NewConsent extends Placed, ProvisionTree {}

/** The root, whose type is stated, never derived; and what is nested in it. */
export const treeFields: {
  readonly provision: typeof provision;
  readonly nested: z.ZodDefault<typeof nestedProvisions>;
} = { provision, nested: nestedProvisions.default([]) };

/** For whom the sender acts; absent: for itself. */
export const newConsentFields: {
  readonly domain: z.ZodString;
  readonly subject: z.ZodExactOptional<TextLeaf<Uint8Array>>;
} = { domain: name(), subject: did().exactOptional() };

export const consentOutput: z.ZodObject = z.strictObject({ consent: transactionId(), version: z.int() });

/** Puts a consent in force under the transaction's id, in the place of those that it supersedes: these, as they were. */
export function putNewConsent(
  context: ApplyContext<Placed>,
  tree: ProvisionTree,
  subject: Uint8Array,
  superseded: { readonly ids: readonly Uint8Array[]; readonly bytes: number } = { ids: [], bytes: 0 },
): { consent: Uint8Array; version: number } {
  const { payload, state, transaction } = context;
  const { domain } = payload;
  const granted = versionOf(context, tree, { id: transaction.id, version: 1, subject, domain });
  consents.put(state, [transaction.idHex], granted);
  changeInForce(state, subject, domain, {
    ending: superseded.ids,
    granted: granted.id,
    bytesAdded: bytesOfRecords(state, [granted.id]) - superseded.bytes,
  });
  emitContent(context, consentGranted, granted);
  return { consent: granted.id, version: 1 };
}

/** What a consent says from now on. */
export function versionOf(
  { state, sender, block }: ApplyContext<unknown>,
  { provision: root, nested }: ProvisionTree,
  named: Pick<Consent, 'id' | 'version' | 'subject' | 'domain'>,
): Consent {
  const link = present(linkOf(state, named.domain, named.subject), 'a rule checked that the subject is linked');
  return {
    ...named,
    provision: root,
    nested,
    grantedAt: block.timestamp,
    keyHolder: link.keyHolder,
    ...delegateOf(sender, named.subject),
  };
}

/** Names the sender where it acts for somebody else. */
export function delegateOf(sender: Uint8Array, subject: Uint8Array): { delegate?: Uint8Array } {
  return equalBytes(sender, subject) ? {} : { delegate: sender };
}

type ContentEntry = Parameters<typeof consentGranted.encode>[0];

export function emitContent(context: ApplyContext<unknown>, type: EntryType<ContentEntry>, consent: Consent): void {
  const { id, grantedAt, revokedAt: _, supersededBy: _by, ...rest } = consent;
  context.emit(`consents:${toHex(consent.subject)}`, type.encode({ consent: id, ...rest, at: grantedAt }));
}
