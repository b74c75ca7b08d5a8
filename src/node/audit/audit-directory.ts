import { AssentError, equalBytes, fromUtf8, messageOf, toHex } from '../../base/index.ts';
import { type Genesis, genesisFromText, genesisName, isBegun } from '../../ledger/index.ts';
import { DirectoryArchiveStore, openForReading, type ReadingCopy } from '../../storage/index.ts';
import { archiveSource, isDamagedArchive } from './archive-source.ts';
import { type AuditOptions, type AuditVerdict, auditLedger } from './audit.ts';
import { directorySource } from './directory-source.ts';
import { storedFault } from './fault.ts';
import { type BlockSource, joinedSource } from './source.ts';
import { damageAsFault } from './stored.ts';

type ArchiveOptions = Pick<AuditOptions, 'onProgress' | 'threads' | 'sample' | 'since'>;

type DirectoryOptions = ArchiveOptions & {
  /** Folder of the archive that has the blocks which the node gave up. */
  readonly archive?: string | undefined;
};

/** Verifies an archive: its chain from genesis, as far as it goes. Throws `verification-failed`. */
export async function auditArchive(
  path: string,
  genesis: Genesis,
  options: ArchiveOptions = {},
): Promise<AuditVerdict> {
  try {
    return await auditLedger({ ...options, genesis, source: await openArchive(path, genesis) });
  } catch (error) {
    if (!isDamagedArchive(error)) throw error;
    const data = { ...error.data, check: 'archive' };
    throw new AssentError('verification-failed', error.message, data, { cause: error });
  }
}

/** The genesis that an archive holds: to be compared with a hash that is trusted. Throws `genesis-invalid`. */
export async function genesisOfArchive(path: string): Promise<Genesis> {
  const bytes = await new DirectoryArchiveStore(path).get(genesisName);
  if (bytes === undefined) throw new AssentError('genesis-invalid', `The archive in ${path} has no genesis.`);
  return genesisFromText(fromUtf8(bytes));
}

function openArchive(path: string, { ledgerId }: Genesis): Promise<BlockSource> {
  return archiveSource(new DirectoryArchiveStore(path), ledgerId, path);
}

/**
 * Verifies the data directory of a stopped node: its chain from genesis, and all that it keeps beside the chain. Throws
 * `verification-failed`; `storage-locked` while a node runs on it; `storage-foreign` for one of another ledger.
 */
export async function auditDirectory(
  path: string,
  genesis: Genesis,
  options: DirectoryOptions = {},
): Promise<AuditVerdict> {
  const copy = await damageAsFault('start', () => openForReading(path));
  try {
    return await auditCopy(copy, path, genesis, options);
  } finally {
    await copy.close();
  }
}

async function auditCopy(
  { identity, directory }: ReadingCopy,
  path: string,
  genesis: Genesis,
  { archive, ...options }: DirectoryOptions,
): Promise<AuditVerdict> {
  if (!equalBytes(identity.ledgerId, genesis.ledgerId))
    throw new AssentError('storage-foreign', `${path} belongs to the ledger ${toHex(identity.ledgerId)}.`, { path });
  const { store, journal } = directory;
  if (journal.lost)
    throw storedFault('start', 'the database lost its end, and the mark file says what was promised in what is gone');
  if (!isBegun(store)) throw storedFault('start', 'no ledger was ever begun in it');
  const own = await damageAsFault('start', () => directorySource(store, path));
  const firstNeeded = 1 + (options.since?.checkpoint.header.height ?? 0);
  const isWhole = own.firstHeight <= firstNeeded || archive === undefined;
  const source = isWhole ? own : joinedSource(await openArchive(archive, genesis), own);
  try {
    return await auditLedger({ ...options, genesis, source, directory });
  } catch (error) {
    if (!(error instanceof AssentError) || !/^(storage|archive)-damaged$/.test(error.code)) throw error;
    throw storedFault('start', messageOf(error).replace(/\.$/, ''));
  } finally {
    await source.close();
  }
}
