import type { NodeId } from '../crypto/portable.ts';
import { changeAhead, configurationAtTip, stagedConfiguration } from './configuration-lookup.ts';
import { electorateOf } from './configurations.ts';
import type { Core } from './core.ts';
import type { AckStatement, Configuration, HardState } from './types.ts';

/** Where a node stands with the question "what have you durably seen from my key?" (protocol.md §5). */
export class Tripwire {
  /** What the disk said at the start. Nothing is signed until a majority has answered, so it stays comparable. */
  readonly atStart: HardState;
  readonly nonce: Uint8Array;
  readonly answeredBy: Set<NodeId> = new Set<NodeId>();
  /** The configuration of which a majority has answered. Another one has to be asked again: its majority may differ. */
  passedUnder: Configuration | undefined;
  /** The first ack signed since the start: what a peer holds between the disk's and this one is of a lost life. */
  firstAck: AckStatement | undefined;
  /** What a peer holds and this disk does not, in words. Final. */
  contradiction: string | undefined;

  constructor(atStart: HardState, nonce: Uint8Array) {
    this.atStart = atStart;
    this.nonce = nonce;
  }
}

/** Whether a majority of the configuration, this node included, has said what it holds from this key. */
export function isTripwirePassed(core: Core, configuration: Configuration): boolean {
  const { tripwire } = core;
  if (tripwire.contradiction !== undefined) return false;
  if (tripwire.passedUnder === configuration) return true;
  const { voters, majority } = electorateOf(configuration);
  let answers = voters.has(core.nodeId) ? 1 : 0;
  for (const nodeId of tripwire.answeredBy) if (voters.has(nodeId)) answers += 1;
  if (answers < majority) return false;
  tripwire.passedUnder = configuration;
  return true;
}

/**
 * Asks every voter that has not answered: of the present configuration, of the one at the end of what is staged, and of
 * the newest that a history proved, each of which may be that of a candidate. Also once enough have answered: the one
 * that was not there may be the only one who holds what this disk lost.
 */
export function askNonces(core: Core): void {
  const { tripwire } = core;
  if (tripwire.contradiction !== undefined) return;
  const asked = new Set<NodeId>([core.nodeId, ...tripwire.answeredBy]);
  for (const configuration of [configurationAtTip(core), stagedConfiguration(core), changeAhead(core)?.configuration]) {
    if (configuration === undefined) continue;
    for (const voter of electorateOf(configuration).voters) {
      if (asked.has(voter)) continue;
      asked.add(voter);
      core.effects.send(voter, { type: 'nonce-request', nonce: tripwire.nonce });
    }
  }
}

export function handleNonceRequest(core: Core, from: NodeId, nonce: Uint8Array): void {
  const held = core.promises.durable(from);
  core.effects.send(from, {
    type: 'nonce-reply',
    nonce,
    ...(held?.ack && { ack: held.ack }),
    ...(held?.vote && { vote: held.vote }),
    ...(held?.voteRequest && { voteRequest: held.voteRequest }),
  });
}
