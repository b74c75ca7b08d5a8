import type { TransferRequest, TransferView } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import type { TransferRefusal } from '../../consensus/index.ts';
import type { Replica } from '../replica/index.ts';

const refusals: Record<TransferRefusal, () => AssentError> = {
  'not-leader': () => new AssentError('not-leader', 'This node does not lead.'),
  'under-way': () => new AssentError('leadership-kept', 'The leadership is being handed over already.'),
  self: () => new AssentError('leadership-kept', 'This node leads already.'),
  learner: () => new AssentError('leadership-kept', 'The node has no vote, so it cannot lead.'),
  'unknown-node': () => new AssentError('not-found', 'The ledger has no node with this id.'),
  'no-target': () => new AssentError('leadership-kept', 'No other voter answered lately.'),
};

/** Begins to hand the leadership over. Throws `not-leader`, `leadership-kept`, `not-found`. */
export function transferLeadership(
  replica: Pick<Replica, 'status' | 'transferLeadership'>,
  { to }: TransferRequest,
): TransferView {
  const answer = replica.transferLeadership(to ?? undefined);
  if (!answer.started) throw refusals[answer.reason]();
  return { to: answer.target, term: replica.status().term };
}
