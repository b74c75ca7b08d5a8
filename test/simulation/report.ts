import type { FaultStep } from './nemesis.ts';

/** What one seed came to. */
export interface SeedReport {
  readonly seed: number;
  readonly events: number;
  readonly committedBlocks: number;
  readonly committedTransactions: number;
  readonly elections: number;
  /** How often a node went on from a snapshot. */
  readonly snapshots: number;
  /** Injected faults by name. */
  readonly faults: Readonly<Record<string, number>>;
  /** What the nemesis did, in order. */
  readonly faultSteps: readonly FaultStep[];
  readonly durationMs: number;
  /** Equal for equal runs: a digest of every event and every packet. */
  readonly traceHash: string;
  readonly failure?: SeedFailure;
}

export interface SeedFailure {
  /** The broken invariant, or the name of an unexpected error. */
  readonly invariant: string;
  readonly message: string;
  readonly atEvent: number;
  readonly stack: string;
}

/** Which of a seed's faults are left out of a run. */
export interface LeftOut {
  readonly without?: readonly string[];
  readonly only?: readonly string[] | undefined;
}

/** The one command that shows the failure again. */
export function replayCommand(seed: number, { without = [], only }: LeftOut = {}): string {
  const off = without.length === 0 ? '' : ` --without ${without.join()}`;
  const on = only === undefined ? '' : ` --only ${only.join() || 'none'}`;
  return `npm run simulate -- --seed ${seed}${off}${on} --trace simulation-${seed}.ndjson`;
}

export function describeFailure(report: SeedReport, leftOut: LeftOut = {}): string {
  const { failure } = report;
  if (failure === undefined) return `seed ${report.seed}: passed`;
  return [
    `seed ${report.seed}, event ${failure.atEvent}: ${failure.message}`,
    `  replay: ${replayCommand(report.seed, leftOut)}`,
  ].join('\n');
}

/** Sums over many seeds, as `npm run simulate` prints them. */
export interface Totals {
  seeds: number;
  failures: number;
  events: number;
  committedBlocks: number;
  committedTransactions: number;
  elections: number;
  snapshots: number;
  readonly faults: Record<string, number>;
}

export function emptyTotals(): Totals {
  return {
    seeds: 0,
    failures: 0,
    events: 0,
    committedBlocks: 0,
    committedTransactions: 0,
    elections: 0,
    snapshots: 0,
    faults: {},
  };
}

export function addToTotals(totals: Totals, report: SeedReport): void {
  totals.seeds += 1;
  totals.failures += report.failure === undefined ? 0 : 1;
  totals.events += report.events;
  totals.committedBlocks += report.committedBlocks;
  totals.committedTransactions += report.committedTransactions;
  totals.elections += report.elections;
  totals.snapshots += report.snapshots;
  for (const [name, count] of Object.entries(report.faults)) totals.faults[name] = (totals.faults[name] ?? 0) + count;
}
