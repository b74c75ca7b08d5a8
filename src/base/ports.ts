/** A timer that has not fired yet. */
export interface Timer {
  cancel(): void;
}

/** Time comes in through this port and nowhere else. */
export interface Clock {
  /** Wall-clock time: milliseconds since the Unix epoch, may jump. */
  nowMs(): number;
  /** Milliseconds that never go back, from an arbitrary start. */
  monotonicMs(): number;
  /** Calls back once, `delayMs` from now at the earliest. */
  after(delayMs: number, callback: () => void): Timer;
}

/** Randomness comes in through this port and nowhere else. */
export interface Random {
  /** Cryptographically strong in production, seeded in the simulator. */
  bytes(length: number): Uint8Array;
  /** A whole number, uniformly from [0, bound). */
  below(bound: number): number;
}

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Structured log lines. Fields never hold secrets or personal data. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** A logger that drops everything. */
export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
