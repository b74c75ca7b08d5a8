import type { ReachView } from '../../api/index.ts';
import { nodeText } from './words.ts';

/** In one sentence, which nodes have applied a block. */
export function reachText({ nodes, everywhere }: ReachView): string {
  if (everywhere) return nodes.length === 1 ? 'The only node has it.' : `All ${nodes.length} nodes have it.`;
  const missing = nodes.filter(({ reached }) => !reached);
  const names = missing.map(nodeText);
  const [have, says] = [nodes.length - missing.length, missing.length === 1 ? 'has' : 'have'];
  return `${have} of ${nodes.length} nodes have it; ${names.join(', ')} ${says} not said so.`;
}
