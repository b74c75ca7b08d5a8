import type { AckStatement, Tip, VoteRequestStatement } from '../../../src/consensus/index.ts';
import { holds, keyOf } from './violation.ts';

const contradiction = 'no signer ever contradicts its own history';

interface SignerHistory {
  /** Height → block hash, by term. */
  readonly acks: Map<number, Map<number, string>>;
  /** The highest acked height, by term. */
  readonly highestAck: Map<number, number>;
  readonly votes: Map<number, { readonly tuple: string; readonly tip: Tip }>;
  readonly requests: Map<number, string>;
}

/**
 * Every statement that every key ever sent, across restarts: the evidence rules of protocol.md §5, applied to the
 * whole run. Each method answers whether the statement is new.
 */
export class SignedStatements {
  readonly #signers = new Map<string, SignerHistory>();

  ack(signer: string, statement: AckStatement): boolean {
    const history = this.#history(signer);
    const { term, height } = statement;
    let acked = history.acks.get(term);
    if (acked === undefined) {
      acked = new Map();
      history.acks.set(term, acked);
    }
    const hash = keyOf(statement.blockHash);
    const earlier = acked.get(height);
    if (earlier === hash) return false;
    holds(earlier === undefined, contradiction, () => `${signer} acked two blocks at (${term}, ${height})`);
    for (const [voteTerm, vote] of history.votes)
      holds(
        voteTerm <= term || !isBelow(vote.tip, term, height),
        contradiction,
        () => `${signer} acks (${term}, ${height}) after its vote in ${voteTerm} for a lower tip`,
      );
    acked.set(height, hash);
    history.highestAck.set(term, Math.max(height, history.highestAck.get(term) ?? 0));
    return true;
  }

  vote(signer: string, statement: VoteRequestStatement): boolean {
    const history = this.#history(signer);
    const tuple = describeRequest(statement);
    const earlier = history.votes.get(statement.term);
    if (earlier?.tuple === tuple) return false;
    holds(earlier === undefined, contradiction, () => `${signer} voted ${earlier?.tuple} and ${tuple}`);
    for (const [ackTerm, height] of history.highestAck)
      holds(
        ackTerm >= statement.term || !isBelow(statement.tip, ackTerm, height),
        contradiction,
        () => `${signer} acked (${ackTerm}, ${height}) and votes ${tuple}`,
      );
    history.votes.set(statement.term, { tuple, tip: statement.tip });
    return true;
  }

  voteRequest(signer: string, statement: VoteRequestStatement): boolean {
    const history = this.#history(signer);
    const tuple = describeRequest(statement);
    const earlier = history.requests.get(statement.term);
    if (earlier === tuple) return false;
    holds(earlier === undefined, contradiction, () => `${signer} asked for votes ${earlier} and ${tuple}`);
    history.requests.set(statement.term, tuple);
    return true;
  }

  #history(signer: string): SignerHistory {
    let history = this.#signers.get(signer);
    if (history === undefined) {
      history = { acks: new Map(), highestAck: new Map(), votes: new Map(), requests: new Map() };
      this.#signers.set(signer, history);
    }
    return history;
  }
}

function isBelow(tip: Tip, term: number, height: number): boolean {
  return tip.term < term || (tip.term === term && tip.height < height);
}

/** A vote request as text: equal for equal tuples. */
export function describeRequest(statement: VoteRequestStatement): string {
  const { tip } = statement;
  return `(term ${statement.term}, ${statement.candidate}, tip (${tip.term}, ${tip.height}, ${keyOf(tip.hash)}))`;
}
