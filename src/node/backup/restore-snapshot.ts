import { verifySignature } from '../../crypto/index.ts';
import { genesisOperations, openManifest, type SnapshotManifest, SnapshotSink } from '../../ledger/index.ts';
import { checkRecordFile, type DataDirectory, readRecordFile } from '../../storage/index.ts';
import type { NodeConfig } from '../config/index.ts';
import { type Identity, readIdentity } from '../opening.ts';
import { openChainAtRest } from '../recovery/chain-at-rest.ts';
import { consensusConfiguration } from '../replica/configuration.ts';
import { ConfigurationRecords } from '../replica/configuration-records.ts';
import { installationOperations } from '../replica/installation.ts';
import { createExecutor } from '../rules.ts';
import { verifyProofs } from '../snapshots/proofs.ts';
import { invalidSnapshotFile, snapshotKind } from '../snapshots/snapshot-file.ts';
import { appendTo, demandNoDirectory, makeDirectory, usedKey } from './new-directory.ts';

/**
 * Lets a node that has no data directory begin with a snapshot from a file, under the key that its configuration names:
 * a new one. Whatever the file says is proved from the genesis on. Resolves to the height of the snapshot's block.
 *
 * Throws `snapshot-invalid`, `key-not-new`, `storage-foreign` where there is a data directory, and what opening one throws.
 */
export async function restoreSnapshot(config: NodeConfig, file: string): Promise<number> {
  const identity = readIdentity(config);
  const { genesis, key } = identity;
  demandNoDirectory(config);
  await checkRecordFile(file, snapshotKind, invalidSnapshotFile);
  const manifest = await manifestOf(file, genesis.ledgerId);
  const { changes } = verifyProofs(manifest, genesis, verifySignature);
  const configurations = [
    consensusConfiguration(genesis.configuration),
    ...changes.map((change) => change.configuration),
  ];
  if (configurations.some(({ nodes }) => nodes.some(({ id }) => id === key.nodeId))) throw usedKey(key.nodeId);
  await makeDirectory(
    config,
    identity,
    (directory) => fill(directory, identity, file),
    async (directory) => {
      openChainAtRest(directory, genesis);
    },
  );
  return manifest.block.header.height;
}

async function manifestOf(file: string, ledgerId: Uint8Array): Promise<SnapshotManifest> {
  for await (const record of readRecordFile(file, snapshotKind, invalidSnapshotFile))
    return openManifest(record, ledgerId);
  throw invalidSnapshotFile('it is empty');
}

/** What a node does that takes a snapshot from a peer, with a file in the place of the peer. */
async function fill(directory: DataDirectory, { genesis }: Identity, file: string): Promise<void> {
  const { store } = directory;
  await appendTo(directory, genesisOperations(store, genesis, createExecutor()));
  const sink = await SnapshotSink.open(store, genesis.ledgerId, (operations) => appendTo(directory, operations));
  let isBegun = false;
  for await (const record of readRecordFile(file, snapshotKind, invalidSnapshotFile)) {
    if (isBegun) await sink.accept(record);
    else await sink.begin(record);
    isBegun = true;
  }
  const { manifest } = sink;
  if (manifest === undefined || !sink.isComplete) throw invalidSnapshotFile('chunks are missing');
  const snapshot = verifyProofs(manifest, genesis, verifySignature);
  const configurations = new ConfigurationRecords(store, consensusConfiguration(genesis.configuration));
  const { operations, mark } = installationOperations(store, snapshot, { configurations, height: 0 });
  await appendTo(directory, [...sink.install(), ...operations], mark);
}
