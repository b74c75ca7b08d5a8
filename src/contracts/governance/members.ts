import { z } from 'zod';
import { AssentError, toHex } from '../../base/index.ts';
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
  const member = keys.get(state, keyHex)?.member;
  const found = member === undefined ? undefined : memberNamed(state, member);
  if (found === undefined || found.removedHeight !== undefined) return undefined;
  return toHex(found.governanceKey) === keyHex ? found.name : undefined;
}

/** Names of the members, sorted. */
export function memberNamesOf(state: StateView): readonly string[] {
  return memberNames.get(state)?.names ?? [];
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
    members.put(state, [member], { name: member, governanceKey, sinceHeight: 0 });
    keys.put(state, [keyHex], { member });
  }
  memberNames.put(state, [], { names: genesis.members.map((member) => member.name).sort() });
}

function invalid(message: string): AssentError {
  return new AssentError('genesis-invalid', message);
}
