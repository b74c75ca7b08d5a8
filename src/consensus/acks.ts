import { present } from '../base/index.ts';
import type { Core } from './core.ts';
import { withheldReason } from './roles.ts';
import { ackMessage, ackOf, comparePlaces, sameAck } from './statements.ts';
import type { AckStatement, SignedAck } from './types.ts';

/**
 * Writes into the next batch which ack may be signed after it: that of the tip, when its term is the present one. What a
 * batch does not name is never signed, so the disk always holds the highest ack.
 */
export function prepareAck(core: Core): void {
  const { tip } = core.log;
  const { hardState } = core.persistence;
  if (tip.term !== hardState.term || tip.height === 0) return;
  if (hardState.ack !== undefined && comparePlaces(tip, hardState.ack) <= 0) return;
  if (withheldReason(core) !== undefined) return;
  core.persistence.raiseAck(ackOf(present(core.log.at(tip.height), 'the tip is in the chain')));
}

/** Highest block that this node may sign an ack of now: durable, of the present term, and named by the durable mark. */
export function ackableHeight(core: Core): number {
  const { durable, hardState } = core.persistence;
  const { ack } = durable;
  if (ack === undefined || ack.term !== hardState.term || durable.term !== hardState.term) return 0;
  if (withheldReason(core) !== undefined) return 0;
  const height = Math.min(ack.height, core.log.durableHeight);
  return core.log.at(height)?.term === hardState.term ? height : 0;
}

/**
 * Signs every block that became ackable, in height order. Of those that are certified already only the highest matters:
 * it tells the leader that this node is there.
 */
export function signNewAcks(core: Core): SignedAck[] {
  const until = ackableHeight(core);
  const { signedAck } = core;
  const signedHeight = signedAck?.statement.term === core.persistence.term ? signedAck.statement.height : 0;
  const acks: SignedAck[] = [];
  for (let height = Math.max(signedHeight, Math.min(core.certifiedHeight, until - 1)) + 1; height <= until; height++) {
    const block = present(core.log.at(height), 'what is durable is in the chain');
    // Only the present term's blocks are acknowledged (Raft §5.4.2, in signed form).
    if (block.term === core.persistence.term) acks.push(sign(core, ackOf(block)));
  }
  const highest = acks.at(-1);
  if (highest !== undefined) core.signedAck = highest;
  return acks;
}

/** The ack of the highest durable block of the present term, for a heartbeat's reply; also after a restart. */
export function highestAck(core: Core): SignedAck | undefined {
  const height = ackableHeight(core);
  if (height === 0) return undefined;
  const statement = ackOf(present(core.log.at(height), 'what is durable is in the chain'));
  if (core.signedAck !== undefined && sameAck(core.signedAck.statement, statement)) return core.signedAck;
  core.signedAck = sign(core, statement);
  return core.signedAck;
}

function sign(core: Core, statement: AckStatement): SignedAck {
  core.tripwire.firstAck ??= statement;
  return { statement, signature: core.signer.sign(ackMessage(core.ledgerId, statement)) };
}
