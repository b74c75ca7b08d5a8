import type { BlockTransaction } from '../../api/index.ts';
import type { Style } from './style.ts';

/** What a transaction came to, in a word. */
export function resultText(style: Style, result: BlockTransaction['result']): string {
  if (result === null) return style.faint('not kept here');
  return result.ok ? style.good('ok') : style.bad(result.code ?? 'refused');
}
