import type { RegisterOperation } from '../history.ts';
import { checkLinearizable } from '../linearizability.ts';
import { InvariantViolation } from './violation.ts';

/** Every read saw the newest write that had ended before it began, or one that ran at the same time, in one order for all. */
export function holdsLinearizable(operations: readonly RegisterOperation[]): void {
  const verdict = checkLinearizable(operations);
  if (verdict.result === 'linearizable') return;
  if (verdict.result === 'gave-up')
    throw new InvariantViolation(
      'the linearizability check comes to an end',
      `${verdict.register}: gave up after ${verdict.configurations} configurations`,
    );
  const described = verdict.operations.map(describeOperation);
  throw new InvariantViolation('linearizability', `no order explains the last of\n  ${described.join('\n  ')}`);
}

/** An operation on one line, for people. */
export function describeOperation(operation: RegisterOperation): string {
  const { kind, process, register, node, value, outcome, invokedAtMs, endedAtMs } = operation;
  const short = value?.replace(/^0+/, '') ?? 'nothing';
  const said = outcome === 'ok' || kind === 'write' ? ` ${short}` : '';
  const end = outcome === 'unknown' ? '' : endedAtMs.toFixed(3);
  return `${invokedAtMs.toFixed(3)}–${end} ms: process ${process} at node ${node}: ${kind} ${register}${said}: ${outcome}`;
}
