import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { AssentError } from '../../base/index.ts';
import { FILE_MODE, fileOperation, systemCodeOf } from './files.ts';

const ATTEMPTS_MAX = 3;

// A lock file with this process's own id is either listed here or was left behind by an earlier process of that id.
const heldPaths = new Set<string>();

/** One writer at a time: a file with the writer's process id. One that names a dead process is taken over. */
export class WriterLock {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
    heldPaths.add(path);
  }

  /** Throws AssentError 'storage-locked' while another writer is alive. */
  static acquire(path: string): WriterLock {
    return fileOperation(path, () => {
      for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
        if (createLock(path)) return new WriterLock(path);
        const holder = holderOf(path);
        if (holder !== undefined && isAlive(holder, path)) throw lockedBy(path, holder);
        if (holder !== undefined) removeLockOf(holder, path);
      }
      throw lockedBy(path, holderOf(path));
    });
  }

  release(): void {
    fileOperation(this.#path, () => rmSync(this.#path, { force: true }));
    heldPaths.delete(this.#path);
  }
}

/** Creates the file together with its content, or answers false when there is one: a link appears in one step. */
function createLock(path: string): boolean {
  const prepared = `${path}.${process.pid}`;
  writeFileSync(prepared, `${process.pid}\n`, { mode: FILE_MODE });
  try {
    linkSync(prepared, path);
    return true;
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(prepared, { force: true });
  }
}

/** Moves the file away before it goes, so that of several that find a dead holder only one removes its lock. */
function removeLockOf(holder: number, path: string): void {
  const moved = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return;
    throw error;
  }
  const found = holderOf(moved);
  // Another took over in between, and this is its lock: put it back.
  if (found !== undefined && found !== holder) linkSync(moved, path);
  rmSync(moved, { force: true });
}

/** The process id in the file: 0 when it holds none, undefined when there is no file. */
function holderOf(path: string): number | undefined {
  try {
    const [, digits = '0'] = /^(\d{1,10})\n$/.exec(readFileSync(path, 'utf8')) ?? [];
    return Number(digits);
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isAlive(holder: number, path: string): boolean {
  if (holder === 0) return false;
  if (holder === process.pid) return heldPaths.has(path);
  try {
    process.kill(holder, 0);
    return true;
  } catch (error) {
    // EPERM: alive, and another user's.
    return systemCodeOf(error) !== 'ESRCH';
  }
}

function lockedBy(path: string, holder: number | undefined): AssentError {
  const message = `the keystore is in use by process ${holder ?? 'unknown'} (${path})`;
  return new AssentError('storage-locked', message, { path, processId: holder });
}
