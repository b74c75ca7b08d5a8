import { equalBytes } from '../../base/index.ts';
import type { StateView } from '../ledger-types.ts';
import { consentsPerSubjectMax, countOf, idsInForce, inForceOf } from './in-force.ts';
import { bytesOfRecords } from './state.ts';

/** What may be in force of one subject in one domain, and of all that it is merged with. */
export interface ConsentRoom {
  readonly consents: number;
  /** Of the state: what each decision about the subject reads, so that no person is beyond being decided for. */
  readonly bytes: number;
}

/** For whatever is granted. */
export const roomForGrants: ConsentRoom = { consents: 64, bytes: 128 * 1024 };
/** Refusals find room beyond it. */
export const roomForRefusals: ConsentRoom = { consents: consentsPerSubjectMax, bytes: 192 * 1024 };

export const noRoom: { readonly code: string; readonly sentence: string } = {
  code: 'too-many-consents',
  sentence: 'This person has as many consents in force, or as long ones, as one can have; revoke one first.',
};

/** What is in force of these subjects in the domain, without the consents that are to end. */
export function roomTaken(
  state: StateView,
  subjects: readonly Uint8Array[],
  domain: string,
  ending: readonly Uint8Array[] = [],
): ConsentRoom {
  let [consents, bytes] = [0, 0];
  for (const subject of subjects) {
    const inForce = inForceOf(state, subject, domain);
    const ids = ending.length === 0 ? [] : idsInForce(state, subject, domain);
    const listed = ending.filter((id) => ids.some((other) => equalBytes(other, id)));
    consents += countOf(inForce) - listed.length;
    bytes += inForce.bytes - bytesOfRecords(state, listed);
  }
  return { consents, bytes };
}

/** Whether one more consent finds room: the last one may be longer than what is left. */
export function hasRoomFor(taken: ConsentRoom, room: ConsentRoom): boolean {
  return taken.consents < room.consents && taken.bytes < room.bytes;
}
