import { z } from 'zod';
import { AssentError, present, toHex } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { did, name } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { GenesisContent, StateView } from '../ledger-types.ts';

/** A member of the consortium, or one that was. Its name and its keys never become another's. */
export interface Member {
  readonly name: string;
  /** Speaks for the member. */
  readonly governanceKey: Uint8Array;
  /** Height of the block since which it is a member; 0: since genesis. */
  readonly sinceHeight: number;
  /** Height of the block that removed it. */
  readonly removedHeight?: number;
}

/** Members that a ledger can have at a time: each has one vote in every proposal. */
export const membersMax = 256;

const members: StateRecord<Member> = stateRecord(
  'governance/member',
  z.strictObject({
    name: name(),
    governanceKey: did(),
    sinceHeight: z.int().min(0),
    removedHeight: z.int().min(1).exactOptional(),
  }),
);

/** Whose governance key this is, or was. */
const keys: StateRecord<{ member: string }> = stateRecord('governance/key', z.strictObject({ member: name() }));

/** Names of the members, sorted. */
const memberNames: StateRecord<{ names: string[] }> = stateRecord(
  'governance/members',
  z.strictObject({ names: z.array(name()).max(membersMax) }),
);

/** The member of this name, also one that was removed. */
export function memberNamed(state: StateView, member: string): Member | undefined {
  return members.get(state, member);
}

export function isMember(state: StateView, member: string): boolean {
  const found = memberNamed(state, member);
  return found !== undefined && found.removedHeight === undefined;
}

/** The member that this governance key speaks for. */
export function memberOfKey(state: StateView, keyHex: string): string | undefined {
  const member = ownerOfKey(state, keyHex);
  const found = member === undefined ? undefined : memberNamed(state, member);
  if (found === undefined || found.removedHeight !== undefined) return undefined;
  return toHex(found.governanceKey) === keyHex ? found.name : undefined;
}

/** The member whose governance key this is, or was. */
export function ownerOfKey(state: StateView, keyHex: string): string | undefined {
  return keys.get(state, keyHex)?.member;
}

/** Names of the members, sorted. */
export function memberNamesOf(state: StateView): readonly string[] {
  return memberNames.get(state)?.names ?? [];
}

/** JSON form of a member: its key as a DID. */
export function memberToJson(member: Member): Record<string, unknown> {
  return members.toJson(member);
}

/** Writes the members that genesis declares. @throws AssentError `genesis-invalid`. */
export function initialiseMembers(genesis: GenesisContent, state: WritableState): void {
  if (genesis.members.length > membersMax) throw invalid(`more than ${membersMax} members`);
  const nameSchema = name();
  for (const { name: member, governanceKey } of genesis.members) {
    const keyHex = toHex(governanceKey);
    if (!nameSchema.safeParse(member).success) throw invalid(`"${member}" is no name of a member`);
    if (memberNamed(state, member) !== undefined) throw invalid(`member ${member} is declared twice`);
    if (keys.get(state, keyHex) !== undefined) throw invalid(`member ${member} shares its governance key`);
    addMember(state, member, governanceKey, 0);
  }
}

/** The rules checked that neither the name nor the key was ever a member's. */
export function addMember(state: WritableState, member: string, governanceKey: Uint8Array, height: number): void {
  members.put(state, [member], { name: member, governanceKey, sinceHeight: height });
  keys.put(state, [toHex(governanceKey)], { member });
  memberNames.put(state, [], { names: [...memberNamesOf(state), member].sort() });
}

/** From this block on nobody speaks for the member, and no credential of it counts. */
export function removeMember(state: WritableState, member: string, height: number): void {
  const former = present(memberNamed(state, member), 'a rule checked that the member is one');
  members.put(state, [member], { ...former, removedHeight: height });
  memberNames.put(state, [], { names: memberNamesOf(state).filter((name) => name !== member) });
}

/** From this block on another key speaks for the member. */
export function rekeyMember(state: WritableState, member: string, governanceKey: Uint8Array): void {
  const former = present(memberNamed(state, member), 'a rule checked that the member is one');
  members.put(state, [member], { ...former, governanceKey });
  keys.put(state, [toHex(governanceKey)], { member });
}

function invalid(message: string): AssentError {
  return new AssentError('genesis-invalid', message);
}
