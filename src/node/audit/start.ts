import { AssentError, equalBytes, toHex } from '../../base/index.ts';
import type { Configuration } from '../../consensus/index.ts';
import { verifySignature } from '../../crypto/index.ts';
import { type BlockHeader, type Genesis, openManifest, type SnapshotManifest } from '../../ledger/index.ts';
import { checkRecordFile, readRecordFile } from '../../storage/index.ts';
import { type Anchor, anchorOf } from '../../verify/index.ts';
import { consensusConfiguration } from '../replica/configuration.ts';
import { verifyProofs } from '../snapshots/proofs.ts';
import { snapshotKind } from '../snapshots/snapshot-file.ts';
import type { ChainChange } from './consensus-records.ts';
import { ledgerFault } from './fault.ts';

/** A block that is taken for verified, with all before it. */
export type Checkpoint = Extract<Anchor, { readonly type: 'checkpoint' }>;

/** What to begin with instead of the genesis. */
export interface Since {
  readonly checkpoint: Checkpoint;
  /** A snapshot's file: the state at the checkpoint, or at a block above it. */
  readonly snapshot: string;
}

/** Where a verification begins: the pinned block, and the snapshot above it, with whose state execution begins. */
export interface AuditStart {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly manifest: SnapshotManifest;
  /** The snapshot's records: its manifest, then its chunks. */
  readonly records: () => AsyncIterable<Uint8Array>;
  /** The changes of the configuration up to the pinned block, each proved from the genesis. */
  readonly changes: readonly ChainChange[];
  /** In force after the pinned block. */
  readonly configuration: Configuration;
}

/** Reads a checkpoint as `receipt verify --pin` writes it. Throws `input-invalid`. */
export function openCheckpoint(bytes: Uint8Array): Checkpoint {
  const anchor = anchorOf({ checkpoint: bytes });
  if (anchor.type !== 'checkpoint') throw new AssentError('input-invalid', 'The file is no checkpoint.');
  return anchor;
}

/**
 * Proves what the snapshot's manifest says, from the genesis on. That its block stands on the checkpoint follows from the
 * blocks between them, and that its chunks are its state from the root in its header. Throws `snapshot-invalid`, or
 * `verification-failed` where the checkpoint cannot be of its chain.
 */
export async function openStart({ checkpoint, snapshot }: Since, genesis: Genesis): Promise<AuditStart> {
  const { header, hash } = checkpoint;
  const records = (): AsyncIterable<Uint8Array> => readRecordFile(snapshot, snapshotKind, invalidFile);
  await checkRecordFile(snapshot, snapshotKind, invalidFile);
  const manifest = await manifestOf(records(), genesis.ledgerId);
  const { height } = manifest.block.header;
  if (height < header.height)
    throw invalidFile(`it is of block ${height}, which is before the checkpoint's ${header.height}`);
  const proved = verifyProofs(manifest, genesis, verifySignature).changes;
  const fault = (what: string): AssentError => ledgerFault(height, 'checkpoint', what);
  if (!equalBytes(header.ledgerId, genesis.ledgerId)) throw fault('the checkpoint is of another ledger');
  if (height === header.height && !equalBytes(hash, manifest.block.hash))
    throw fault('the checkpoint is another block than that of the snapshot');
  const changes = proved.filter((change) => change.height <= header.height);
  const configuration = changes.at(-1)?.configuration ?? consensusConfiguration(genesis.configuration);
  if (!equalBytes(configuration.hash, header.configurationHash))
    throw fault('the checkpoint names another configuration than its history comes to');
  return { header, hash, manifest, records, changes, configuration };
}

async function manifestOf(records: AsyncIterable<Uint8Array>, ledgerId: Uint8Array): Promise<SnapshotManifest> {
  for await (const record of records) return openManifest(record, ledgerId);
  throw invalidFile('it is empty');
}

/** The source has to begin at the checkpoint, and to go as far as the snapshot. Throws `history-not-kept` or `snapshot-invalid`. */
export function demandReach(
  { header, manifest }: AuditStart,
  source: { readonly name: string; readonly firstHeight: number; readonly height: number },
): void {
  if (source.firstHeight > header.height + 1)
    throw new AssentError(
      'history-not-kept',
      `${source.name} has its blocks from ${source.firstHeight} on: nothing joins them to the checkpoint, which is block ${header.height}.`,
      { firstBlockHeight: source.firstHeight },
    );
  const { height } = manifest.block.header;
  if (source.height < height)
    throw invalidFile(`it is of block ${height}, and ${source.name} ends with ${source.height}`);
}

export function invalidFile(reason: string): AssentError {
  return new AssentError('snapshot-invalid', `The snapshot cannot be used: ${reason}.`);
}

/** Of the verdict: what was pinned, and what was executed. */
export interface SinceVerdict {
  readonly checkpointHeight: number;
  readonly checkpointHash: string;
  /** Blocks from the checkpoint up to here were not executed: links, header signatures and certificates were checked. */
  readonly executedAbove: number;
}

export function sinceVerdict({ header, hash, manifest }: AuditStart): SinceVerdict {
  return {
    checkpointHeight: header.height,
    checkpointHash: toHex(hash),
    executedAbove: manifest.block.header.height,
  };
}
