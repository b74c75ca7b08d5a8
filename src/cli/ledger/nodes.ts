import { AssentError } from '../../base/index.ts';
import type { Context } from '../context.ts';

/** The one of these nodes that a person named: its number in the local cluster, its id, or the end of it. Throws `usage`. */
export function nodeIdOf(context: Context, ids: readonly string[], selector: string): string {
  const numbered = context.cluster?.nodes.find(({ number }) => String(number) === selector)?.nodeId;
  const matching = ids.filter((id) => id === numbered || (selector.length >= 6 && id.endsWith(selector)));
  const [nodeId] = matching;
  if (nodeId !== undefined && matching.length === 1) return nodeId;
  throw new AssentError('usage', `"${selector}" names no node of the ledger; \`assent node list\` shows them.`);
}
