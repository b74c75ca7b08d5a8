import type { InForceView } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { InputOf } from '../queries/query.ts';
import type { InForceWord, Replica } from '../replica/index.ts';
import { membersIn, type ReachSources } from './reach-answers.ts';
import { waitUpTo } from './waiting.ts';

export interface InForceSources extends Pick<ReachSources, 'nodes'> {
  readonly replica: Pick<Replica, 'waitInForce'>;
  readonly clock: Clock;
}

/** Waits until no node decides by itself without the block, or for `timeoutMs`. Rejects with `overloaded`. */
export async function inForceOf(
  { replica, nodes, clock }: InForceSources,
  { height, timeoutMs }: InputOf<'inForce'>,
): Promise<InForceView> {
  const word = await waitUpTo<InForceWord>(clock, timeoutMs, (done) => replica.waitInForce(height, done));
  const { isInForce: inForce } = word;
  // All have said so: no need to read in the ledger who runs them.
  if (word.others.size === 0) return { height, inForce, others: [] };
  const members = membersIn(nodes());
  const others = [...word.others].map(([nodeId, standing]) => {
    return { nodeId, member: members.get(nodeId) ?? null, standing };
  });
  return { height, inForce, others };
}
