import { equalBytes, toHex } from '../../base/index.ts';
import { credentialsOf } from '../credential/state.ts';
import type { Rule, RuleContext } from '../engine/contract.ts';
import { links } from '../enrolment/links.ts';
import { memberOfKey, ownerOfKey } from '../governance/members.ts';
import type { StateView } from '../ledger-types.ts';
import { possessionMessage } from './possession.ts';
import { documentOf, guardiansOf, isDeactivated, isKeyOfIdentity, recoveryOf, servedBy, takenKeys } from './state.ts';

/** A rule whose condition depends on who the subject is in the kind at hand. */
interface NamedRule {
  readonly name: string;
  readonly code: string;
  readonly sentence: string;
}

export interface NewKey {
  readonly newKey: Uint8Array;
  /** Ed25519 signature by the new key: {@link possessionMessage}. */
  readonly proof: Uint8Array;
}

/** Whether the ledger has met this key or DID in any role, now or before. */
export function isMet(state: StateView, key: Uint8Array): boolean {
  const hex = toHex(key);
  return (
    takenKeys.get(state, hex) !== undefined ||
    servedBy(state, key) !== undefined ||
    documentOf(state, key) !== undefined ||
    links.get(state, hex) !== undefined ||
    credentialsOf(state, key).length > 0 ||
    ownerOfKey(state, hex) !== undefined
  );
}

/** Otherwise anybody could fill the state under names that nobody knows. */
export const senderIsKnown: Rule<unknown> = {
  name: 'sender-is-known',
  code: 'identity-unknown',
  sentence: 'The ledger knows nothing of this identity: no custodian linked it, and nobody gave it a role or named it.',
  permits: ({ state, sender }) => isMet(state, sender),
};

/** A governance key also signs outside the ledger's blocks, where no rotation is known (protocol.md, "Disaster"). */
export const senderIsNoMember: Rule<unknown> = {
  name: 'sender-is-no-member',
  code: 'governance-key',
  sentence: 'The governance key of a member is a matter of governance, and cannot be changed like the key of a person.',
  permits: ({ state, senderHex }) => memberOfKey(state, senderHex) === undefined,
};

export const versionIsCurrent: Rule<{ ifVersion: number }> = {
  name: 'identity-version-is-current',
  code: 'version-conflict',
  sentence: 'It was changed in the meantime; look at the current version and decide again.',
  permits({ payload, state, sender, saw }) {
    const version = documentOf(state, sender)?.version ?? 0;
    saw('current version', version);
    return payload.ifVersion === version;
  },
};

export const keyIsUnused: NamedRule = {
  name: 'key-is-unused',
  code: 'key-used',
  sentence: 'This key is or was in use on the ledger already; a new key must be fresh, and no key ever returns.',
};

export function isUnusedKey({ state }: RuleContext<unknown>, subject: Uint8Array, newKey: Uint8Array): boolean {
  return !equalBytes(newKey, subject) && !isMet(state, newKey);
}

/**
 * When a recovery is finished its key has been public for days: what others said of the key meanwhile (a credential, a
 * link, a guardian's place) must not stop it, only what whoever holds the key did with it.
 */
export function isStillUnusedKey({ state }: RuleContext<unknown>, newKey: Uint8Array): boolean {
  return !isKeyOfIdentity(state, newKey);
}

export const keyIsProved: NamedRule = {
  name: 'key-is-proved',
  code: 'key-not-proved',
  sentence: 'The new key has not signed for this identity, on this ledger, at this place of its history.',
};

export function isProvedKey(context: RuleContext<NewKey>, subject: Uint8Array): boolean {
  const { payload, state, block, verifySignature } = context;
  const sequence = documentOf(state, subject)?.sequence ?? 0;
  context.saw('key changes so far', sequence);
  const message = possessionMessage(block.ledgerId, subject, sequence, payload.newKey);
  return verifySignature(payload.newKey, message, payload.proof);
}

export const servantIsFresh: NamedRule = {
  name: 'servant-is-fresh',
  code: 'servant-not-fresh',
  sentence:
    'Guardians and delegates act under a fresh identity that serves this person alone, or it would link what nobody may link.',
};

/** Guardians and delegates serve one identity, and are nobody else on the ledger when they begin. */
export function servesOnly(state: StateView, subject: Uint8Array, servant: Uint8Array): boolean {
  const served = servedBy(state, servant);
  if (served !== undefined) return equalBytes(served, subject);
  return !equalBytes(servant, subject) && !isMet(state, servant);
}

export const subjectIsActive: NamedRule = {
  name: 'subject-is-active',
  code: 'subject-deactivated',
  sentence: 'The identity that this is about was deactivated for good.',
};

export const aboutActiveSubject: Rule<{ subject: Uint8Array }> = {
  ...subjectIsActive,
  permits: ({ payload, state, block }) => !isDeactivated(state, payload.subject, block.timestamp),
};

export function isGuardian({ state, sender, block }: RuleContext<unknown>, subject: Uint8Array): boolean {
  const guardians = guardiansOf(state, subject, block.timestamp)?.guardians ?? [];
  return guardians.some((guardian) => equalBytes(guardian, sender));
}

export const senderIsGuardian: Rule<{ subject: Uint8Array }> = {
  name: 'sender-is-guardian',
  code: 'not-a-guardian',
  sentence: 'Only a guardian of this identity can do this.',
  permits: (context) => isGuardian(context, context.payload.subject),
};

export const recoveryIsOpen: NamedRule = {
  name: 'recovery-is-open',
  code: 'recovery-not-open',
  sentence: 'No such recovery is open: it was vetoed, finished or replaced, its time is over, or there never was one.',
};

export const namedRecoveryIsOpen: Rule<{ subject: Uint8Array; recovery: Uint8Array }> = {
  ...recoveryIsOpen,
  permits({ payload, state, block }) {
    const open = recoveryOf(state, payload.subject, block.timestamp);
    return open !== undefined && equalBytes(open.id, payload.recovery);
  },
};
