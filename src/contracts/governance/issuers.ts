import { z } from 'zod';
import type { WritableState } from '../engine/contract.ts';
import { name } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';
import type { Role } from '../tables/codes.ts';
import { membersMax } from './members.ts';

/** Members that may issue a role; no record: every member may. */
const issuers: StateRecord<{ members: string[] }> = stateRecord(
  'governance/issuers',
  z.strictObject({ members: z.array(name()).max(membersMax) }),
);

/** The members that may issue credentials for the role, sorted; undefined: every member. */
export function issuersOf(state: StateView, role: Role): readonly string[] | undefined {
  return issuers.get(state, role)?.members;
}

export function mayIssue(state: StateView, role: Role, member: string | undefined): boolean {
  const allowed = issuersOf(state, role);
  return member !== undefined && (allowed === undefined || allowed.includes(member));
}

/** Says who may issue the role from now on; undefined: every member. */
export function putIssuers(state: WritableState, role: Role, members: readonly string[] | undefined): void {
  if (members === undefined) issuers.delete(state, [role]);
  else issuers.put(state, [role], { members: [...new Set(members)].sort() });
}
