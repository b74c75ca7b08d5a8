import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { leafHash, MerkleFrontier } from '../../crypto/portable.ts';
import type { GlassOpening } from '../decision/decide.ts';
import type { WritableState } from '../engine/contract.ts';
import { bytes, timestamp, transactionId } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateKey, StateView } from '../ledger-types.ts';
import { categories } from '../tables/codes.ts';

/** The subject's log as an RFC 9162 tree: enough to append, and to prove completeness against. */
export interface AccessLog {
  readonly size: number;
  readonly root: Uint8Array;
  readonly peaks: readonly Uint8Array[];
}

const accessLogs: StateRecord<AccessLog> = stateRecord(
  'access/log',
  z.strictObject({ size: z.int().min(0), root: bytes(32), peaks: z.array(bytes(32)).max(53) }),
);

/** Openings of one agent for one subject in one domain that had not ended when the last one was made. */
export const openingsMax = 8;

const glass: StateRecord<{ openings: GlassOpening[] }> = stateRecord(
  'access/glass',
  z.strictObject({
    openings: z
      .array(
        z.strictObject({
          id: transactionId(),
          openedAt: timestamp(),
          expiresAt: timestamp(),
          categories: z.array(z.enum(categories)).max(categories.length),
        }),
      )
      .max(openingsMax),
  }),
);

/** The latest end of any break-glass. */
export const deadline: StateRecord<{ expiresAt: number }> = stateRecord(
  'access/deadline',
  z.strictObject({ expiresAt: timestamp() }),
);

/** Size, root and peaks of the subject's access log; undefined while it is empty. */
export function accessLogOf(state: StateView, subject: Uint8Array): AccessLog | undefined {
  const stored = state.get(accessLogKey(toHex(subject)));
  return stored && accessLogs.decode(stored);
}

export function accessLogKey(subjectHex: string): StateKey {
  return accessLogs.key(subjectHex);
}

/** The log that is stored so, to be appended to. */
export function openLog(stored: Uint8Array | undefined): MerkleFrontier {
  if (stored === undefined) return MerkleFrontier.empty();
  const { size, peaks } = accessLogs.decode(stored);
  return MerkleFrontier.of(size, peaks);
}

/** As it is stored. */
export function encodeLog(log: MerkleFrontier): Uint8Array {
  return accessLogs.encode({ size: log.size, root: log.root(), peaks: log.peaks });
}

/** Appends an entry to the subject's log. Returns its place, from 0. */
export function appendToLog(state: WritableState, subject: Uint8Array, entry: Uint8Array): number {
  const key = accessLogKey(toHex(subject));
  const log = openLog(state.get(key));
  log.append(leafHash(entry));
  state.put(key, encodeLog(log));
  return log.size - 1;
}

/** Break-glasses of the agent for the subject in the domain, ended ones possibly among them. */
export function openingsOf(
  state: StateView,
  domain: string,
  subject: Uint8Array,
  agent: Uint8Array,
): readonly GlassOpening[] {
  return glass.get(state, domain, toHex(subject), toHex(agent))?.openings ?? [];
}

export function putOpenings(
  state: WritableState,
  domain: string,
  subject: Uint8Array,
  agent: Uint8Array,
  openings: GlassOpening[],
): void {
  glass.put(state, [domain, toHex(subject), toHex(agent)], { openings });
}
