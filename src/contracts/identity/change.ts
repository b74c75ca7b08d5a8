import { present, toHex } from '../../base/index.ts';
import type { ApplyContext } from '../engine/contract.ts';
import { recoveryVetoed } from './entries.ts';
import {
  deadline,
  documentOf,
  type Guardians,
  guardiansOf,
  type Identity,
  identities,
  isNextInForce,
  type Recoveries,
  recoveries,
  recoveriesOf,
  recoveryOf,
  takenKeys,
} from './state.ts';

/** After so many vetoes in a row the time until the next recovery doubles no more. */
const vetoesThatDouble = 5;

/**
 * Before then these guardians can open no recovery: after the n-th veto in a row, 2^(n-1) times their delay, at most 16
 * times. So recoveries that are opened again and again do not wear out the person who must watch for them.
 */
export function nextRecoveryFrom(recoveries: Recoveries, { since, delayMs }: Guardians): number {
  const vetoes = vetoesUnder(recoveries, since);
  if (recoveries.vetoedAt === undefined || vetoes === 0) return 0;
  return recoveries.vetoedAt + delayMs * 2 ** (Math.min(vetoes, vetoesThatDouble) - 1);
}

function vetoesUnder({ vetoes, vetoedAt }: Recoveries, guardiansSince: number): number {
  return vetoedAt === undefined || vetoedAt < guardiansSince ? 0 : vetoes;
}

/**
 * The identity's document with the next version, and what is in force at this time in the place of what was decided for
 * it. The current key stays unless the caller puts another.
 */
export function changedDocument(context: ApplyContext<unknown>, subject: Uint8Array): Identity {
  const { state, block } = context;
  const { next, guardians: _, ...before } = documentOf(state, subject) ?? { key: subject, sequence: 0, version: 0 };
  const inForce = guardiansOf(state, subject, block.timestamp);
  const isPending = next !== undefined && !isNextInForce(state, subject, block.timestamp);
  return {
    ...before,
    version: before.version + 1,
    ...(inForce === undefined ? {} : { guardians: inForce }),
    ...(isPending ? { next } : {}),
  };
}

export function putDocument({ state }: ApplyContext<unknown>, subject: Uint8Array, document: Identity): void {
  identities.put(state, [toHex(subject)], document);
}

/** Gives the identity another key. What the former key had decided to end it does not count any more. */
export function changeKey(
  context: ApplyContext<unknown>,
  subject: Uint8Array,
  key: Uint8Array,
  document: Identity,
): Identity {
  const { deactivatesAt: _, ...kept } = document;
  const changed = { ...kept, key, sequence: document.sequence + 1 };
  takenKeys.put(context.state, [toHex(key)], { subject });
  putDocument(context, subject, changed);
  return changed;
}

/** An idle ledger keeps telling the time until then. */
export function keepTimeUntil({ state }: ApplyContext<unknown>, at: number): void {
  if (at > (deadline.get(state)?.at ?? 0)) deadline.put(state, [], { at });
}

/** The current key ends the open recovery, if there is one. */
export function endRecovery(context: ApplyContext<unknown>, subject: Uint8Array, by: 'veto' | 'rotation'): void {
  const { state, block } = context;
  const at = block.timestamp;
  const recovery = recoveryOf(state, subject, at);
  if (recovery === undefined) return;
  const guardians = present(guardiansOf(state, subject, at), 'an open recovery has guardians');
  const { open: _, ...before } = recoveriesOf(state, subject);
  const ended = { ...before, vetoes: vetoesUnder(before, guardians.since) + 1, vetoedAt: at };
  recoveries.put(state, [toHex(subject)], ended);
  const nextFrom = nextRecoveryFrom(ended, guardians);
  context.emit(`identity:${toHex(subject)}`, recoveryVetoed.encode({ recovery: recovery.id, by, nextFrom, at }));
}
