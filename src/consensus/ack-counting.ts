import { assert, present } from '../base/index.ts';
import type { NodeId } from '../crypto/portable.ts';
import { certify } from './certification.ts';
import { configurationOf } from './configuration-lookup.ts';
import { electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import { witnessAck, witnessStrayAck } from './evidence.ts';
import type { Leadership } from './leadership.ts';
import { startWaitingReads } from './reads.ts';
import { isValidAck } from './statement-checks.ts';
import { comparePlaces, isAckOf } from './statements.ts';
import type { SignedAck } from './types.ts';

/** Takes a follower's ack of a block of this term. Answers why it is invalid, or undefined. */
export function countAck(core: Core, from: NodeId, ack: SignedAck): string | undefined {
  const { statement } = ack;
  const { leadership } = core;
  if (leadership === undefined || statement.term !== core.persistence.term) return undefined;
  if (leadership.tally.has(statement.height, from)) return undefined;
  if (statement.height <= core.certifiedHeight) {
    keepLateAck(core, leadership, from, ack);
    return undefined;
  }
  const block = core.log.at(statement.height);
  if (block === undefined) return undefined;
  const configuration = configurationOf(core, block.configurationHash);
  if (configuration === undefined || !electorateOf(configuration).voters.has(from)) return undefined;
  if (!isValidAck(core, from, ack)) return 'the ack does not verify';
  if (!isAckOf(statement, block)) {
    witnessStrayAck(core, from, ack);
    return undefined;
  }
  witnessAck(core, from, ack);
  count(core, from, ack);
  return undefined;
}

/** Too late for the certificate, and still a promise that the tripwire can use: the highest is verified once a round. */
function keepLateAck(core: Core, leadership: Leadership, from: NodeId, ack: SignedAck): void {
  const peer = leadership.progress.get(from);
  const known = peer?.lateAck ?? core.promises.latest(from)?.ack;
  if (peer !== undefined && (known === undefined || comparePlaces(ack.statement, known.statement) > 0))
    peer.lateAck = ack;
}

/** Once a heartbeat round: the acks that came late enter the memory of promises. */
export function witnessLateAcks(core: Core, leadership: Leadership): void {
  for (const [nodeId, peer] of leadership.progress) {
    if (peer.lateAck !== undefined && isValidAck(core, nodeId, peer.lateAck)) witnessAck(core, nodeId, peer.lateAck);
    peer.lateAck = undefined;
  }
}

/** Adds a verified ack of a block of this term; with a majority the block is certified. */
function count(core: Core, signer: NodeId, { statement, signature }: SignedAck): void {
  const { leadership } = core;
  if (leadership === undefined || statement.height <= core.certifiedHeight) return;
  const block = present(core.log.at(statement.height), 'a counted block is in the chain');
  assert(block.term === core.persistence.term, "only acks of the leader's own term count (Raft §5.4.2)");
  const configuration = present(configurationOf(core, block.configurationHash), 'the own configuration is known');
  const certificate = leadership.tally.add(block, statement, signer, signature, configuration);
  if (certificate === undefined) return;
  core.known.addBlock(certificate);
  leadership.tally.forgetUpTo(block.height);
  certify(core, certificate);
  startWaitingReads(core, leadership);
}

/** Counts this leader's own acks, which it signs after its own sync like everybody else. */
export function countOwnAcks(core: Core, acks: readonly SignedAck[]): void {
  for (const { statement, signature } of acks) count(core, core.nodeId, { statement, signature });
}
