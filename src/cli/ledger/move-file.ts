import { constants, copyFileSync, existsSync, rmSync } from 'node:fs';
import { AssentError, messageOf } from '../../base/index.ts';

/** Puts a file elsewhere, perhaps on another disk; nothing is replaced. Throws `storage-permission`. */
export function moveFile(from: string, to: string): void {
  if (!existsSync(from))
    throw new AssentError('storage-permission', `${from} is on the machine of the node; take it from there.`);
  try {
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    rmSync(from);
  } catch (error) {
    throw new AssentError(
      'storage-permission',
      `${from} was written, and could not be moved: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
}
