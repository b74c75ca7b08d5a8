import type { ReadPoint } from '../../api/index.ts';
import { toHex } from '../../base/index.ts';
import type { Store } from '../../storage/index.ts';
import type { Asked, InputOf } from '../queries/query.ts';
import type { Replica } from '../replica/index.ts';
import { ChainAnswers } from './chain-answers.ts';
import type { CommitWaiters } from './commit-waiters.ts';
import { configurationPage, historyAnswer } from './configuration-answers.ts';
import { evidenceList, evidenceView } from './evidence-answers.ts';
import { transferLeadership } from './leadership-answers.ts';
import type { NodeMetrics } from './metrics.ts';
import { StateAnswers } from './state-answers.ts';
import { type StatusSources, statusView, unreadiness } from './status.ts';

export interface AskedOptions extends StatusSources {
  readonly replica: Pick<Replica, 'status' | 'read' | 'transferLeadership' | 'evidence' | 'history'>;
  readonly store: Store;
  readonly waiters: CommitWaiters;
  readonly metrics: NodeMetrics;
}

/** Everything that the HTTP thread can ask, answered. */
export function answersOf(options: AskedOptions): Asked {
  const { ledger, store, waiters } = options;
  const chain = new ChainAnswers(ledger, store, waiters);
  const state = new StateAnswers(ledger, options.nowMs);
  return {
    readPoint: (input) => readPoint(options, input),
    place: (input) => chain.place(input),
    block: (input) => chain.block(input),
    headers: (input) => chain.headers(input),
    results: (input) => chain.results(input),
    signers: (input) => chain.signers(input),
    certificate: (input) => chain.certificate(input),
    stream: (input) => chain.stream(input),
    accessLog: (input) => state.accessLog(input),
    domainNames: () => state.domainNames(),
    domain: (input) => state.domain(input),
    link: (input) => state.link(input),
    reviews: (input) => state.reviews(input),
    disputes: (input) => state.disputes(input),
    identity: (input) => state.identity(input),
    credentials: (input) => state.credentials(input),
    record: (input) => state.record(input),
    nodes: () => state.nodes(),
    configurations: (input) => configurationPage(options.replica.history, input),
    history: (input) => historyAnswer(options.replica.history, input),
    members: () => state.members(),
    member: (input) => state.member(input),
    governance: () => state.governance(),
    proposals: () => state.proposals(),
    proposal: (input) => state.proposal(input),
    decide: (input) => state.decide(input),
    valueAt: (input) => chain.valueAt(input),
    bounds: () => ({ pastFrom: ledger.pastFrom, height: ledger.applied.height }),
    transferLeadership: (input) => transferLeadership(options.replica, input),
    genesis: () => ({ ledgerId: toHex(ledger.ledgerId), genesis: toHex(ledger.genesis.bytes) }),
    evidence: () => evidenceList(options.replica.evidence),
    evidenceRecord: ({ id }) => evidenceView(options.replica.evidence, id),
    status: () => statusView(options),
    readiness() {
      const reason = unreadiness(options.replica.status());
      if (reason !== undefined) throw reason;
      return true;
    },
    metrics: () => options.metrics.text(),
  };
}

/** A read that is to be linearizable passes the replica's barrier once, however many slices it has. */
async function readPoint({ replica, ledger }: AskedOptions, { consistency }: InputOf<'readPoint'>): Promise<ReadPoint> {
  if (consistency === 'linearizable') {
    await new Promise<void>((resolve, reject) => {
      replica.read((error) => (error === undefined ? resolve() : reject(error)));
    });
  }
  const { height, timestamp } = ledger.applied;
  return { height, timestamp };
}
