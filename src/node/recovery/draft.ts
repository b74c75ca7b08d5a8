import { AssentError, equalBytes, messageOf, present, toHex } from '../../base/index.ts';
import { decodeBlockCertificate, verifyBlockCertificate } from '../../consensus/index.ts';
import { decodeNodeId, verifySignature } from '../../crypto/index.ts';
import {
  encodeRecovery,
  encodeRecoveryStatement,
  type Genesis,
  invalidRecovery,
  openRecovery,
  problemOfRecovery,
  type RecoveryNode,
  type SignedRecovery,
} from '../../ledger/index.ts';
import { readConfiguration } from '../replica/configuration.ts';
import { bytesOf, type RecoveryReport } from './report.ts';

/** A machine without anything of the ledger, that is to be one of the new nodes. */
export interface NewNode {
  readonly nodeId: string;
  readonly member: string;
  readonly address: string;
}

export interface RecoveryDraft {
  /** Without a signature yet. */
  readonly recovery: SignedRecovery;
  /** Who had which block above the base on its disk, as far as somebody holds its word. */
  readonly known: RecoveryReport['acknowledged'];
}

/**
 * A statement that goes on from the highest certified block that any of these nodes has, with all of them as voters under
 * their new keys. Throws `recovery-invalid`, also for a certificate that does not hold.
 */
export function draftRecovery(
  genesis: Genesis,
  reports: readonly RecoveryReport[],
  newNodes: readonly NewNode[],
  nowMs: number,
): RecoveryDraft {
  const checked = reports.map((report) => ({ report, generation: checkedGeneration(report, genesis) }));
  const generation = Math.max(...checked.map((one) => one.generation));
  // What an older generation certified may have been left behind before.
  const newest = checked.filter((one) => one.generation === generation).map(({ report }) => report);
  const [highest] = newest.toSorted((left, right) => right.certified.height - left.certified.height);
  if (highest === undefined) throw invalidRecovery('it takes the report of at least one node');
  const { height, term, hash } = highest.certified;
  const nodes = [...reports, ...newNodes.map(({ nodeId, ...node }) => ({ ...node, node: nodeId }))].map(
    ({ node, member, address }): RecoveryNode => {
      const publicKey = present(decodeNodeId(node), 'a report and a card were checked');
      return { publicKey, member, role: 'voter', address };
    },
  );
  const statement = {
    ledgerId: genesis.ledgerId,
    base: { height, term, hash: bytesOf(hash) },
    content: { generation: generation + 1, nodes },
    createdAt: nowMs,
  };
  const statementBytes = encodeRecoveryStatement(statement);
  const recovery = openRecovery(encodeRecovery({ statement, statementBytes, signatures: [] }));
  const problem = problemOfRecovery(recovery, genesis, verifySignature);
  if (problem !== undefined) throw invalidRecovery(problem);
  const above = reports.flatMap(({ acknowledged }) => acknowledged).filter((ack) => ack.height > height);
  const known = new Map(above.map((ack) => [`${ack.node} ${ack.hash}`, ack]));
  return { recovery, known: [...known.values()] };
}

/** The generation in which the reported block is certified. That the configuration is the ledger's, its members vouch for. */
function checkedGeneration(report: RecoveryReport, genesis: Genesis): number {
  const { certified, formerNode } = report;
  if (report.ledgerId !== toHex(genesis.ledgerId)) throw invalidRecovery(`${formerNode} reports on another ledger`);
  try {
    const configuration = readConfiguration(bytesOf(certified.configuration));
    const certificate = decodeBlockCertificate(bytesOf(certified.certificate));
    const { ack } = certificate;
    const isOfBlock =
      ack.height === certified.height &&
      ack.term === certified.term &&
      equalBytes(ack.blockHash, bytesOf(certified.hash));
    if (isOfBlock && verifyBlockCertificate(certificate, configuration, genesis.ledgerId, verifySignature))
      return configuration.generation;
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw invalidRecovery(`the report of ${formerNode} cannot be read: ${messageOf(error)}`, error);
  }
  throw invalidRecovery(`block ${certified.height}, which ${formerNode} reports, is not certified`);
}
