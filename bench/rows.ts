/** One measurement, as `npm run bench -- --json` prints it. */
export interface Row {
  /** `bench/measure` or `bench/measure/case`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the value depends on: without it, it says nothing. */
  readonly conditions: string;
}

/** What every benchmark is given. */
export interface BenchOptions {
  /** Length of the main measurement. */
  readonly seconds: number;
  /** Kind of transaction, where a benchmark has a choice. */
  readonly kind: TransactionKind;
  /** How many transactions a ledger grows by, where that is measured. */
  readonly transactions: number;
  /** Where CPU profiles of the nodes go; absent: none are taken. */
  readonly profileDirectory?: string;
  /** Says on standard error what is going on. */
  readonly progress: (text: string) => void;
  /** Aborted when the person at the terminal wants it to end. */
  readonly signal: AbortSignal;
}

export const transactionKinds = ['consent.grant', 'access.record'] as const;
export type TransactionKind = (typeof transactionKinds)[number];

/** Measures and cleans up behind itself, also when it fails. */
export type Bench = (options: BenchOptions) => Promise<readonly Row[]>;

/** The rows as an aligned table; conditions that several rows share are printed once, below. */
export function tableOf(rows: readonly Row[]): string {
  const names = Math.max(...rows.map(({ name }) => name.length));
  const values = rows.map(({ value }) => value.toLocaleString('en', { maximumFractionDigits: 3 }));
  const width = Math.max(...values.map((value) => value.length));
  const conditions = [...new Set(rows.map((row) => row.conditions))];
  const notes = conditions.map((condition, index) => `[${index + 1}] ${condition}`);
  const lines = rows.map((row, index) => {
    const note = conditions.indexOf(row.conditions) + 1;
    return `${row.name.padEnd(names)}  ${values[index]?.padStart(width)} ${row.unit}  [${note}]`;
  });
  return `${[...lines, '', ...notes].join('\n')}\n`;
}

/** Rounds to so many significant digits: a measurement is no more exact than that. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}
