import type { FaultKind } from './options.ts';
import type { SeedReport } from './report.ts';

export interface Minimized {
  /** Of the run with the faults that are left. */
  readonly report: SeedReport;
  /** Kinds of faults without which the seed breaks the same invariant. */
  readonly without: readonly FaultKind[];
  readonly needed: readonly FaultKind[];
}

/**
 * Switches the seed's kinds of faults off, one after another, as long as the same invariant breaks: what is left, none
 * can be spared. Undefined when the seed does not fail.
 */
export async function minimizeFaults(
  kinds: readonly FaultKind[],
  run: (without: readonly FaultKind[]) => Promise<SeedReport>,
): Promise<Minimized | undefined> {
  let report = await run([]);
  const { failure } = report;
  if (failure === undefined) return undefined;
  let without: readonly FaultKind[] = [];
  const needed = new Set(kinds);
  let isSmaller = true;
  while (isSmaller) {
    isSmaller = false;
    for (const kind of [...needed]) {
      const attempt = [...without, kind];
      const attempted = await run(attempt);
      if (attempted.failure?.invariant !== failure.invariant) continue;
      [report, without] = [attempted, attempt];
      needed.delete(kind);
      isSmaller = true;
    }
  }
  return { report, without, needed: [...needed] };
}
