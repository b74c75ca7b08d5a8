import { AssentError, type ErrorCode, messageOf } from '../base/index.ts';

/**
 * The expected failure behind what LevelDB or the file system threw. LevelDB gives most causes as text only: the part
 * after the file name is strerror's.
 */
export function storageError(thrown: unknown, path: string): AssentError {
  if (thrown instanceof AssentError) return thrown;
  const cause = rootCause(thrown);
  const code = classify(cause);
  return new AssentError(code, `${sentences[code](path)} (${messageOf(cause)})`, { path }, { cause: thrown });
}

type StorageErrorCode = Extract<ErrorCode, `storage-${string}`> & keyof typeof sentences;

const sentences = {
  'storage-damaged': (path: string) => `The database in ${path} is damaged.`,
  'storage-failed': (path: string) => `The disk under ${path} refused an operation.`,
  'storage-full': (path: string) => `The disk under ${path} is full.`,
  'storage-locked': (path: string) => `Another process uses ${path}.`,
  'storage-permission': (path: string) => `This user may not read and write ${path}.`,
} as const;

function classify(cause: unknown): StorageErrorCode {
  const systemCode = (cause as { code?: unknown }).code;
  const text = messageOf(cause);
  if (systemCode === 'LEVEL_LOCKED' && !permissionText.test(text)) return 'storage-locked';
  if (systemCode === 'LEVEL_CORRUPTION' || damageText.test(text)) return 'storage-damaged';
  if (fullCodes.has(systemCode) || fullText.test(text)) return 'storage-full';
  if (permissionCodes.has(systemCode) || permissionText.test(text)) return 'storage-permission';
  return 'storage-failed';
}

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const permissionCodes: ReadonlySet<unknown> = new Set(['EACCES', 'EPERM', 'EROFS']);
const fullText = /No space left on device|Disk quota exceeded/;
const permissionText = /Permission denied|Operation not permitted|Read-only file system/;
/** What LevelDB says where something is corrupt, or a file that it needs is gone: CURRENT, the manifest, a table. */
const damageText = /Corruption:|CURRENT|does not exist \(create_if_missing is false\)|no such file or directory/i;

/** abstract-level wraps what LevelDB said, as `LEVEL_DATABASE_NOT_OPEN` with a cause. */
function rootCause(thrown: unknown): unknown {
  let cause = thrown;
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause;
  return cause;
}
