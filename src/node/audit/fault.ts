import { AssentError, messageOf } from '../../base/index.ts';

/** What was being checked when a ledger turned out wrong: stable names, in the verdict of `ledger verify`. */
export type Check =
  | 'start'
  | 'form'
  | 'parent'
  | 'term'
  | 'header-signature'
  | 'certificate'
  | 'configuration'
  | 'execution'
  | 'results-root'
  | 'state-root'
  | 'history-root'
  | 'missing-block'
  | 'applied'
  | 'state'
  | 'tree'
  | 'receipts'
  | 'indexes'
  | 'query-index'
  | 'past-values'
  | 'consensus-records'
  | 'evidence'
  | 'archive'
  | 'checkpoint';

/** The ledger is wrong at this block: it is the first of which that is known. */
export function ledgerFault(height: number, check: Check, what: string, cause?: unknown): AssentError {
  return new AssentError('verification-failed', `Block ${height} is wrong: ${what}.`, { height, check }, { cause });
}

/** What a node keeps beside the chain is not what the chain comes to. */
export function storedFault(check: Check, what: string, height?: number): AssentError {
  const where = height === undefined ? '' : ` of block ${height}`;
  const data = height === undefined ? { check } : { check, height };
  return new AssentError(
    'verification-failed',
    `The directory does not hold what its chain comes to: ${what}${where}.`,
    data,
  );
}

/** What is read of a ledger and cannot be understood is a fault of that ledger; what is no AssentError is a bug. */
export function readOrFault<T>(height: number, check: Check, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AssentError) || error.code === 'verification-failed') throw error;
    throw ledgerFault(height, check, messageOf(error).replace(/\.$/, ''), error);
  }
}

/** The same of what a node keeps beside the chain. */
export function readRecordOrFault<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AssentError) || error.code === 'verification-failed') throw error;
    throw storedFault('consensus-records', `${what}: ${messageOf(error).replace(/\.$/, '')}`);
  }
}
