import { CommanderError } from 'commander';
import { AssentError, errorTable, messageOf } from '../../base/index.ts';
import type { Style } from './style.ts';

/** A failure as the program reports it. */
export interface Failure {
  readonly code: string;
  readonly exitCode: number;
  /** What happened and why. */
  readonly message: string;
  /** What to do next. */
  readonly action: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const bugExitCode = 70;
const usageExitCode = 2;

/** Says of anything thrown what it means to the person at the terminal. */
export function failureOf(thrown: unknown): Failure {
  if (thrown instanceof AssentError) return ofAssentError(thrown);
  if (thrown instanceof CommanderError) {
    const message = sentence(
      thrown.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)/, '; did you mean $1?'),
    );
    return { code: 'usage', exitCode: usageExitCode, message, action: 'See `assent help`.', details: {} };
  }
  const errno = errnoFailure(thrown);
  if (errno !== undefined) return ofAssentError(errno);
  const message = sentence(`This is a bug: ${messageOf(thrown)}`);
  return {
    code: 'internal',
    exitCode: bugExitCode,
    message,
    action: 'Run it again with --debug and report what it prints.',
    details: {},
  };
}

/** One line: what, why, what next, and the stable code. */
export function failureText(failure: Failure, style: Style): string {
  const rule = failure.details['rule'];
  const code = rule === undefined ? failure.code : `${failure.code}, rule ${String(rule)}`;
  return `${style.bad('assent:')} ${failure.message} ${failure.action} ${style.faint(`[${code}]`)}`;
}

function ofAssentError(error: AssentError): Failure {
  const { code, ...details } = error.data;
  const refused = error.code === 'refused' && typeof code === 'string';
  return {
    code: refused ? code : error.code,
    exitCode: errorTable[error.code].exitCode,
    message: sentence(error.message),
    action: errorTable[error.code].action,
    details,
  };
}

/** Disk errors that nobody on the way turned into a sentence. */
function errnoFailure(thrown: unknown): AssentError | undefined {
  if (!(thrown instanceof Error) || !('syscall' in thrown) || !('code' in thrown)) return undefined;
  if (thrown.code === 'EACCES' || thrown.code === 'EPERM' || thrown.code === 'EROFS')
    return new AssentError('storage-permission', thrown.message, {}, { cause: thrown });
  if (thrown.code === 'ENOSPC') return new AssentError('storage-full', thrown.message, {}, { cause: thrown });
  return undefined;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  const upper = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.?!]$/.test(upper) ? upper : `${upper}.`;
}
