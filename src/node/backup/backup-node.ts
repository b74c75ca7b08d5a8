import { join } from 'node:path';
import { DirectoryArchiveStore } from '../../storage/index.ts';
import { loadConfig } from '../config/index.ts';
import { backupStopped } from './backup.ts';

const temporaryName = 'assent-backup-being-written';

/** Backs up the stopped node of a configuration file, into a file of a folder, to be given its name. Throws as {@link backupStopped} does. */
export async function backupNode(
  configFile: string,
  folder: string,
): Promise<{ readonly file: string; readonly height: number }> {
  const { directory } = loadConfig(configFile);
  const { height } = await backupStopped(directory, new DirectoryArchiveStore(folder), temporaryName);
  return { file: join(folder, temporaryName), height };
}
