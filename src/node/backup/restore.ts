import { AssentError, equalBytes, toHex } from '../../base/index.ts';
import { verifyBlockCertificate } from '../../consensus/index.ts';
import { encodeNodeId, verifySignature } from '../../crypto/index.ts';
import { checkRecordFile, type DataDirectory, type Operation, readRecordFile } from '../../storage/index.ts';
import type { NodeConfig } from '../config/index.ts';
import { type Identity, readIdentity } from '../opening.ts';
import { openChainAtRest } from '../recovery/chain-at-rest.ts';
import { encodeHardState, hardStateKey } from '../replica/records.ts';
import { type BackupHead, backupKind, decodeEntries, decodeHead, invalidBackup } from './format.ts';
import { appendTo, demandNoDirectory, makeDirectory, usedKey } from './new-directory.ts';

export interface RestoredNode {
  readonly nodeId: string;
  /** The node that was backed up. */
  readonly formerNodeId: string;
  /** Of the newest block whose effects are there. */
  readonly height: number;
}

/**
 * Fills the data directory of a node that has none yet, under the key that its configuration names: a new one, so that
 * nothing which the node of the backup promised can be contradicted. Nothing is written before the whole backup was read,
 * and the data directory is there only when all of it is.
 *
 * Throws `backup-invalid`, `key-not-new`, `storage-foreign` where there is a data directory, and what opening one throws.
 */
export async function restoreBackup(config: NodeConfig, file: string): Promise<RestoredNode> {
  const identity = readIdentity(config);
  const { genesis, key } = identity;
  demandNoDirectory(config);
  await checkRecordFile(file, backupKind, invalidBackup);
  const head = await headOf(file);
  if (!equalBytes(head.ledgerId, genesis.ledgerId))
    throw invalidBackup(`it is of the ledger ${toHex(head.ledgerId)}, and this node of ${toHex(genesis.ledgerId)}`);
  if (equalBytes(head.nodeKey, key.signer.publicKey)) throw usedKey(key.nodeId);
  await makeDirectory(
    config,
    identity,
    (directory) => fill(directory, file, head.term),
    async (directory) => check(directory, identity, head),
  );
  return { nodeId: key.nodeId, formerNodeId: encodeNodeId(head.nodeKey), height: head.height };
}

async function headOf(file: string): Promise<BackupHead> {
  for await (const record of readRecordFile(file, backupKind, invalidBackup)) return decodeHead(record);
  throw invalidBackup('it is empty');
}

async function fill(directory: DataDirectory, file: string, term: number): Promise<void> {
  let isHead = true;
  for await (const record of readRecordFile(file, backupKind, invalidBackup)) {
    const entries = isHead ? [] : decodeEntries(record);
    isHead = false;
    const operations = entries.map(([key, value]): Operation => ({ type: 'put', key, value }));
    if (operations.length > 0) await appendTo(directory, operations);
  }
  // The new key has promised nothing.
  const mark = encodeHardState({ term });
  await appendTo(directory, [{ type: 'put', key: hardStateKey, value: mark }], mark);
}

/** That what was written is a chain whose newest certificate holds, and that no node had this key. */
function check(directory: DataDirectory, { genesis, key }: Identity, head: BackupHead): void {
  const { ledger, configurations, certificate } = orInvalid(() => openChainAtRest(directory, genesis));
  if (ledger.applied.height !== head.height || !equalBytes(ledger.applied.hash, head.hash))
    throw invalidBackup('its newest block is another than it says');
  if (configurations.nodes().has(key.nodeId)) throw usedKey(key.nodeId);
  const configuration = certificate && configurations.get(certificate.ack.configurationHash);
  const isCertified =
    certificate !== undefined &&
    configuration !== undefined &&
    verifyBlockCertificate(certificate, configuration, genesis.ledgerId, verifySignature);
  if (!isCertified) throw invalidBackup('nothing in it is certified');
}

function orInvalid<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof AssentError) || error.code !== 'storage-damaged') throw error;
    throw invalidBackup(error.message, error);
  }
}
