import type { InForceView } from '../../api/index.ts';
import { nodeText } from './words.ts';

/** Nothing of a block that is in force; else one line: who may still decide without it. Null: no node could find out. */
export function notInForceText(view: InForceView | null): string {
  if (view === null) return 'Which nodes may still decide without it is not known.';
  if (view.inForce) return '';
  const names = view.others.filter(({ standing }) => standing === 'unknown').map(nodeText);
  if (names.length === 0) return 'The ledger has changed its nodes: it is not sure yet that it is in force everywhere.';
  return `It is not in force everywhere yet: ${names.join(', ')} may still decide without it.`;
}
