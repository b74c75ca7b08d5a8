import { z } from 'zod';
import type { WritableState } from '../engine/contract.ts';
import { name } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateView } from '../ledger-types.ts';

const custodians: StateRecord<{ member: string }> = stateRecord(
  'governance/custodian',
  z.strictObject({ member: name() }),
);

/** The member that the consortium handed the domain to; undefined while it is with the one that declared it. */
export function handedOverTo(state: StateView, domain: string): string | undefined {
  return custodians.get(state, domain)?.member;
}

export function handOver(state: WritableState, domain: string, member: string): void {
  custodians.put(state, [domain], { member });
}
