import { join } from 'node:path';
import {
  DirectoryArchiveStore,
  FileMarkFile,
  LevelStore,
  MemoryArchiveStore,
  MemoryMarkFile,
  MemoryStore,
  MemoryTable,
} from '../../src/storage/index.ts';
import { SeededRandom } from '../support/simulated-random.ts';
import { SimulatedDisk } from '../support/simulated-store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { archiveStoreCompliance } from './archive-store.ts';
import { markFileCompliance } from './mark-file.ts';
import { storeCompliance } from './store.ts';

storeCompliance('LevelStore', () => {
  const path = join(temporaryDirectory(), 'database');
  return { open: () => LevelStore.open(path, { create: true }) };
});

storeCompliance('MemoryStore', () => {
  const table = new MemoryTable();
  return { open: async () => new MemoryStore(table) };
});

storeCompliance('SimulatedStore', () => {
  const disk = selfCompletingDisk();
  return {
    open: async () => {
      disk.crash(new SeededRandom(1));
      return disk.store;
    },
  };
});

markFileCompliance('FileMarkFile', () => {
  const path = join(temporaryDirectory(), 'mark');
  return { open: () => FileMarkFile.open(path, { create: true }) };
});

markFileCompliance('MemoryMarkFile', () => {
  const file = new MemoryMarkFile();
  return { open: () => file };
});

markFileCompliance('SimulatedMarkFile', () => {
  const disk = selfCompletingDisk();
  return {
    open: () => {
      disk.crash(new SeededRandom(1));
      return disk.markFile;
    },
  };
});

archiveStoreCompliance('DirectoryArchiveStore', () => {
  const path = join(temporaryDirectory(), 'archive');
  return { open: () => DirectoryArchiveStore.open(path) };
});

archiveStoreCompliance('MemoryArchiveStore', () => {
  const store = new MemoryArchiveStore();
  return { open: async () => store };
});

/** A disk that needs no simulator: each write is durable a microtask later. */
function selfCompletingDisk(): SimulatedDisk {
  const disk = new SimulatedDisk(() => queueMicrotask(() => disk.completeNext()));
  return disk;
}
