import { z } from 'zod';
import type { ContractObject } from '../../api/index.ts';
import { toHex } from '../../base/index.ts';
import { commitment, type StateRecord, stateRecord } from '../../contracts/index.ts';
import type { StateView } from '../../ledger/index.ts';

const anchored: StateRecord<{ source: Uint8Array }> = stateRecord(
  'record/event',
  z.strictObject({ source: commitment() }),
);

/** What the sender anchored under the event id, in JSON form. */
export function anchoredRecord(state: StateView, sender: Uint8Array, eventId: Uint8Array): ContractObject | undefined {
  const record = anchored.get(state, toHex(sender), toHex(eventId));
  return record === undefined ? undefined : (anchored.toJson(record) as ContractObject);
}
