import { present } from '../base/index.ts';
import { decodeDid, verifySignature } from '../crypto/index.ts';
import { CosignatureStore } from './cosignatures/store.ts';
import { StateFeed } from './known-state/index.ts';
import type { NodeParts } from './node-parts.ts';
import type { NodeBasis } from './opening.ts';
import { reachWaitersMax } from './replica/index.ts';
import { sentenceOf } from './rules.ts';
import { answersOf, readPointOf } from './service/asked.ts';
import { commitWaitersMax } from './service/commit-waiters.ts';
import { CosignatureAnswers } from './service/cosignature-answers.ts';
import { HttpThread } from './threads/http-thread.ts';
import { programVersion } from './version.ts';

/** Waits whose requests are gone last to their own end: they must not take the place of other questions. */
const abandonedMax = 2 * reachWaitersMax + commitWaitersMax;

/** What answers over HTTP, and what it alone takes in. */
export interface NodeApi {
  readonly http: HttpThread;
  readonly cosignatures: CosignatureStore;
}

/** Starts the HTTP thread, which answers out of these parts. It may not listen yet. */
export async function startApi(
  { config, identity, opened, log, clock }: NodeBasis,
  parts: NodeParts,
  fail: (error: Error) => void,
): Promise<NodeApi> {
  const { api, limits } = config;
  const { ledger, directory } = opened;
  const startedMs = clock.monotonicMs();
  const cosignatures = await CosignatureStore.open({
    store: directory.store,
    journal: directory.journal,
    ledgerId: ledger.ledgerId,
    verify: verifySignature,
    logger: log.logger,
  });
  const named = config.witnesses.map((did) => present(decodeDid(did), 'the configuration was checked'));
  const nowMs = (): number => clock.nowMs();
  const feed = new StateFeed({ ledger, nowMs, send: (news) => http.tell(news) });
  const http: HttpThread = new HttpThread({
    data: {
      listen: api.listen,
      limits,
      ledgerId: ledger.ledgerId,
      version: programVersion,
      questionsMax: limits.requestsMax + abandonedMax,
      lease: parts.lease.buffer,
    },
    logger: log.logger,
    readPoint: (consistency, kind) => readPointOf({ replica: parts.replica, ledger }, consistency, kind),
    onSubmission: (message) => parts.desk.receive(message),
    asked: answersOf({
      ledger,
      store: directory.store,
      replica: parts.replica,
      transport: parts.transport,
      nodeId: identity.key.nodeId,
      member: identity.member,
      waiters: parts.waiters,
      metrics: parts.metrics,
      keeper: parts.keeper,
      indexer: parts.indexer,
      sentenceOf,
      files: parts.files,
      past: parts.past,
      cosignatures: new CosignatureAnswers(cosignatures, ledger, named),
      snapshot: () => parts.snapshots.progress,
      scrub: () => parts.scrubber.counts,
      snapshotProblem: () => parts.snapshotProblem(),
      feed,
      nowMs,
      uptimeMs: () => clock.monotonicMs() - startedMs,
    }),
    onFault: (error) => fail(error),
  });
  return { http, cosignatures };
}
