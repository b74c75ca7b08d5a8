import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, toHex } from '../../base/index.ts';
import { encodeNodeId, verifySignature } from '../../crypto/index.ts';
import { checkRecovery, invalidRecovery, type RecoveryNode, type SignedRecovery } from '../../ledger/index.ts';
import { readOwner, rekeyDataDirectory, syncDirectory } from '../../storage/index.ts';
import { loadConfig, type NodeConfig } from '../config/index.ts';
import { multiaddrOf } from '../membership.ts';
import { type NodeKey, readNodeKey } from '../node-key.ts';
import { type Identity, readIdentity } from '../opening.ts';
import { openChainAtRest } from './chain-at-rest.ts';
import { type AbandonedBlock, abandonedBlocks, checkFollows, cutOperations, keptHeight } from './cut.ts';
import { acknowledgedIn, type BlockPlace, nextKeyFile, placeOf, type RecoveryReport } from './report.ts';

/** What a directory gave up when a recovery was applied to it: the content of `abandoned-generation-N.json`. */
export interface AbandonedReport {
  readonly format: 'assent-abandoned-1';
  readonly ledgerId: string;
  /** The generation that ended. */
  readonly generation: number;
  readonly formerNode: string;
  readonly node: string;
  readonly base: BlockPlace;
  /** The end of the chain as it was here. */
  readonly tip: BlockPlace;
  /** What this directory had above the base. */
  readonly abandoned: readonly AbandonedBlock[];
  /** What others, and this node, said they had above the base. */
  readonly acknowledged: RecoveryReport['acknowledged'];
  /** Whether what was here could not be gone on with: the node takes the chain from the others. */
  readonly beginsEmpty: boolean;
}

export interface AppliedRecovery {
  /** False: it was applied before. */
  readonly changed: boolean;
  readonly nodeId: string;
  /** The file with the {@link AbandonedReport}; absent where there was no data. */
  readonly reportFile?: string;
  readonly report?: AbandonedReport;
}

/**
 * Applies a signed statement to the directory of a stopped node, which goes on under its new key from the base. What it
 * gives up is reported before it is. A second run changes nothing, and finishes one that was interrupted. Throws
 * `recovery-invalid`, `storage-locked` while the node runs.
 */
export async function applyRecovery(configFile: string, recovery: SignedRecovery): Promise<AppliedRecovery> {
  const config = loadConfig(configFile);
  const identity = readIdentity(config);
  checkRecovery(recovery, identity.genesis, verifySignature);
  const { nodes, generation } = recovery.statement.content;
  const isNamed = ({ nodeId }: NodeKey): boolean => nodes.some(({ publicKey }) => encodeNodeId(publicKey) === nodeId);
  const reportFile = join(dirname(configFile), `abandoned-generation-${generation - 1}.json`);
  if (isNamed(identity.key)) return { changed: false, nodeId: identity.key.nodeId, ...readBack(reportFile) };
  const file = nextKeyFile(config);
  if (!existsSync(file)) throw invalidRecovery(`${file}, the new key of this node, is missing; make its report first`);
  const next = readNodeKey(file);
  if (!isNamed(next)) throw invalidRecovery(`it does not name ${next.nodeId}, the new key of this node`);
  if (readOwner(config.directory) !== undefined) await handOver(config, identity, next, recovery, reportFile);
  writeConfig(configFile, nodes, next.nodeId);
  copyFileSync(config.nodeKeyFile, `${config.nodeKeyFile}.generation-${generation - 1}`);
  renameSync(file, config.nodeKeyFile);
  return { changed: true, nodeId: next.nodeId, ...readBack(reportFile) };
}

async function handOver(
  config: NodeConfig,
  { genesis, key }: Identity,
  next: NodeKey,
  recovery: SignedRecovery,
  reportFile: string,
): Promise<void> {
  const { ledgerId } = genesis;
  const { base, content } = recovery.statement;
  const keys = { ledgerId, from: key.signer.publicKey, to: next.signer.publicKey };
  const outcome = await rekeyDataDirectory(config.directory, keys, (directory) => {
    const chain = openChainAtRest(directory, genesis);
    checkFollows(chain, recovery);
    const kept = keptHeight(chain, recovery);
    const report: AbandonedReport = {
      format: 'assent-abandoned-1',
      ledgerId: toHex(ledgerId),
      generation: content.generation - 1,
      formerNode: key.nodeId,
      node: next.nodeId,
      base: placeOf(base),
      tip: placeOf(chain.restored.tip),
      abandoned: abandonedBlocks(chain, recovery),
      acknowledged: acknowledgedIn(chain, key.nodeId).filter(({ height }) => height > base.height),
      beginsEmpty: kept === undefined,
    };
    replaceFile(reportFile, report);
    return kept === undefined ? Promise.resolve(undefined) : cutOperations(chain, recovery, kept);
  });
  if (outcome === 'declined') renameSync(config.directory, `${config.directory}.generation-${content.generation - 1}`);
}

/** The others under their new keys; a node of no genesis says itself whose it is. */
function writeConfig(configFile: string, nodes: readonly RecoveryNode[], self: string): void {
  const named = nodes.map((node) => ({ ...node, nodeId: encodeNodeId(node.publicKey) }));
  const member = named.find(({ nodeId }) => nodeId === self)?.member;
  const peers = named
    .filter(({ nodeId }) => nodeId !== self)
    .map(({ nodeId, address }) => ({ nodeId, addresses: address === undefined ? [] : [multiaddrOf(address)] }));
  const config = JSON.parse(readFileSync(configFile, 'utf8')) as { p2p?: object };
  replaceFile(configFile, { ...config, member, p2p: { ...config.p2p, peers } });
}

/** Durable when this returns: what comes after it gives up what the file tells of. */
function replaceFile(file: string, content: object): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  syncDirectory(dirname(file));
}

function readBack(reportFile: string): Pick<AppliedRecovery, 'reportFile' | 'report'> {
  if (!existsSync(reportFile)) return {};
  try {
    return { reportFile, report: JSON.parse(readFileSync(reportFile, 'utf8')) as AbandonedReport };
  } catch (error) {
    throw invalidRecovery(`its report ${reportFile} cannot be read: ${messageOf(error)}`, error);
  }
}
