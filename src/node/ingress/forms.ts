import type { RuleExecutor } from '../../ledger/portable.ts';

/** What a version of the rules says of a transaction's form, without state. */
export type Forms = Pick<RuleExecutor, 'kinds' | 'largeKinds' | 'checkPayload'>;

/**
 * What any of these versions takes. Which one is in force the state says, and a block may bring another: whoever has the
 * state looks again, under that one.
 */
export function formsOfAny(versions: readonly Forms[]): Forms {
  return {
    kinds: new Set(versions.flatMap(({ kinds }) => [...kinds])),
    largeKinds: new Set(versions.flatMap(({ largeKinds }) => [...largeKinds])),
    checkPayload(content) {
      let problem: string | undefined;
      for (const version of versions) {
        if (!version.kinds.has(content.kind)) continue;
        problem = version.checkPayload(content);
        if (problem === undefined) return undefined;
      }
      // Of the newest version that has the kind.
      return problem;
    },
  };
}
