import type { FaultStep } from './nemesis.ts';
import type { FaultKind } from './options.ts';
import type { SeedReport } from './report.ts';

export interface Minimized {
  /** Of the run with the faults that are left. */
  readonly report: SeedReport;
  /** Kinds of faults without which the seed breaks the same invariant. */
  readonly without: readonly FaultKind[];
  /** Kinds that cannot be spared, before single faults were left out. */
  readonly needed: readonly FaultKind[];
  /** The single faults that are left: of the nemesis, in order. */
  readonly steps: readonly FaultStep[];
  /** Whether none of the single faults can be spared; false when the search ended with its runs. */
  readonly isMinimal: boolean;
}

type Run = (without: readonly FaultKind[], only: readonly string[] | undefined) => Promise<SeedReport>;

/**
 * Leaves faults out of a failing seed as long as the same invariant breaks: first kinds, one after another, then single
 * acts of the nemesis (delta debugging, Zeller and Hildebrandt 2002), in at most `runsMax` runs. Undefined when the seed
 * does not fail.
 */
export async function minimizeFaults(
  kinds: readonly FaultKind[],
  run: Run,
  runsMax = 400,
): Promise<Minimized | undefined> {
  const first = await run([], undefined);
  if (first.failure === undefined) return undefined;
  const { invariant } = first.failure;
  let runsLeft = runsMax;
  /** The report, if the run breaks the same invariant. */
  const attempt: (...faults: Parameters<Run>) => Promise<SeedReport | undefined> = async (without, only) => {
    runsLeft -= 1;
    const report = await run(without, only);
    return report.failure?.invariant === invariant ? report : undefined;
  };
  let report = first;
  let without: readonly FaultKind[] = [];
  const needed = new Set(kinds);
  for (let isSmaller = true; isSmaller; ) {
    isSmaller = false;
    for (const kind of [...needed]) {
      const failed = await attempt([...without, kind], undefined);
      if (failed === undefined) continue;
      report = failed;
      without = [...without, kind];
      needed.delete(kind);
      isSmaller = true;
    }
  }
  let parts = 2;
  let isMinimal = report.faultSteps.length === 0;
  while (!isMinimal && runsLeft > 0) {
    const steps = report.faultSteps;
    const failed = await firstThatFails(steps, Math.min(parts, steps.length), (only) =>
      runsLeft > 0 ? attempt(without, only) : Promise.resolve(undefined),
    );
    if (failed !== undefined) {
      report = failed;
      parts = Math.max(2, parts - 1);
    } else if (parts < steps.length) {
      parts *= 2;
    } else {
      isMinimal = runsLeft > 0;
      break;
    }
    if (report.faultSteps.length === 0) isMinimal = true;
  }
  return { report, without, needed: [...needed], steps: report.faultSteps, isMinimal };
}

/** Leaves out one part of the faults after another. */
async function firstThatFails(
  steps: readonly FaultStep[],
  parts: number,
  attempt: (only: readonly string[]) => Promise<SeedReport | undefined>,
): Promise<SeedReport | undefined> {
  for (let part = 0; part < parts; part++) {
    const [from, to] = [Math.floor((part * steps.length) / parts), Math.floor(((part + 1) * steps.length) / parts)];
    const left = steps.filter((_, index) => index < from || index >= to);
    const failed = await attempt(left.map(({ id }) => id));
    if (failed !== undefined) return failed;
  }
  return undefined;
}
