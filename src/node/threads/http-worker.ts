import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Consistency } from '../../api/index.ts';
import { ApiServer } from '../../api/server/index.ts';
import { AssentError, type LogFields, type Logger, messageOf, present, unreachable } from '../../base/index.ts';
import { verifySignature } from '../../crypto/index.ts';
import { PastValues } from '../../ledger/index.ts';
import { systemClock } from '../clock.ts';
import { Decisions } from '../front/decisions.ts';
import { Front } from '../front/front.ts';
import { LedgerReader } from '../front/ledger-reader.ts';
import { FrontMetrics } from '../front/metrics.ts';
import { Checkpoints } from '../front/receipts/checkpoints.ts';
import { LogRanges } from '../front/receipts/log-ranges.ts';
import { Receipts } from '../front/receipts/receipts.ts';
import { Submissions } from '../ingress/submissions.ts';
import { KnownState } from '../known-state/index.ts';
import { Replays } from '../replay/replays.ts';
import { replaySource } from '../replay/source.ts';
import { Turns } from '../replay/turns.ts';
import { createForms, ruleSchemas, rulesJson, ruleVersions } from '../rules.ts';
import { Asking } from './asking.ts';
import { LeaseCell } from './lease-cell.ts';
import type { HttpThreadData, ToHttpThread, ToMain } from './messages.ts';

/* The HTTP thread: server, parsing and signature checks. It ends when it has closed its server and its port. */

const port: MessagePort = present(parentPort, 'this file runs as a worker');
const data = workerData as HttpThreadData;

function send(message: ToMain, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

const log =
  (level: keyof Logger) =>
  (fields: LogFields, message: string): void =>
    send({ type: 'log', level, fields, message });
const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };

const asking = new Asking(data.questionsMax, (message) => send(message));
const metrics = new FrontMetrics(() => submissions.outstanding);
const submissions: Submissions = new Submissions({
  ledgerId: data.ledgerId,
  forms: createForms(),
  verify: verifySignature,
  askSigners: (input) => asking.read('linearizable').ask('signers', input),
  outputToJson: rulesJson.outputToJson,
  countMax: data.limits.outstandingTransactionsMax,
  bytesMax: data.limits.outstandingBytesMax,
  send: (message) => send(message, message.type === 'submit' ? [message.bytes.buffer] : []),
  observe: (outcome) => metrics.outcome(outcome),
});

/* Of all requests that read the ledger. */
const versions = ruleVersions();
const turns = new Turns();
const values = new PastValues();
const ranges = new LogRanges();
const known = new KnownState(() => systemClock.nowMs());
const lease = new LeaseCell(data.lease);

function readerOf(consistency: Consistency): LedgerReader {
  const { ledgerId } = data;
  const reading = asking.read(consistency);
  const { ask } = reading;
  const replays = new Replays(replaySource(ledgerId, ask, values), versions, turns);
  const receipts = new Receipts({ ask, ledgerId, clock: systemClock, ranges });
  return new LedgerReader({
    reading,
    rules: rulesJson,
    replays,
    receipts,
    checkpoints: new Checkpoints({ ask, ledgerId, receipts }),
    decisions: new Decisions({
      submissions,
      reading,
      replays,
      known,
      isLeased: () => lease.isHeld,
      catchUp,
      observe: (isKnown) => metrics.advice(isKnown),
    }),
  });
}

const server = new ApiServer({
  service: new Front({
    submissions,
    ask: asking.ask,
    read: readerOf,
    ownMetrics: () => metrics.text(),
  }),
  version: data.version,
  ruleSchemas: ruleSchemas(),
  logger,
  limits: { requestsMax: data.limits.requestsMax },
  observe: (operation, status, durationMs) => metrics.request(operation, status, durationMs),
  // Out of the request's reach, where nothing catches it: the thread dies and the node with it.
  onBug: (error) => setImmediate(() => Promise.reject(error)),
});

async function close(deadlineMs: number): Promise<void> {
  submissions.close(deadlineMs / 2);
  await server.close(deadlineMs);
  port.close();
}

function receive(message: ToHttpThread): void {
  if (message.type === 'settled') submissions.settle(message);
  else if (message.type === 'answer') asking.answer(message);
  else if (message.type === 'state') known.follow(message);
  else if (message.type === 'close') void close(message.deadlineMs);
  else unreachable(message);
}

/** Takes what the main thread has said by now: a request that came after it may have been read before it. */
function catchUp(): void {
  for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) receive(got.message);
}

port.on('message', receive);

try {
  send({ type: 'listening', port: await server.listen(data.listen.host, data.listen.port) });
} catch (error) {
  if (!(error instanceof AssentError)) throw error;
  send({ type: 'start-failed', code: error.code, message: messageOf(error) });
  await close(0);
}
