import type { ResultView } from '../../api/index.ts';
import { builtInContracts } from '../../contracts/index.ts';

/** What became of one rule of a transaction's kind. */
export interface RuleVerdict {
  readonly rule: string;
  readonly code: string;
  readonly verdict: 'permitted' | 'refused' | 'not reached';
  readonly sentence: string;
}

/**
 * The rules of a kind in their order, with what each came to: they are looked at one after the other, and the first that
 * does not permit decides, so a result says it all.
 */
export function explain(kind: string, result: ResultView): RuleVerdict[] {
  const rules = builtInContracts.kind(kind)?.rules ?? [];
  const decided = rules.findIndex(({ name }) => !result.ok && name === result.rule);
  // Refused before any rule: by the engine, for a limit or a shape.
  const last = result.ok ? rules.length : decided;
  return rules.map(({ name, code, sentence }, place) => ({
    rule: name,
    code,
    verdict: place === decided ? 'refused' : place < last ? 'permitted' : 'not reached',
    sentence,
  }));
}
