import { type AssentError, compareBytes, equalBytes, toHex, utf8 } from '../../base/index.ts';
import {
  ackMessage,
  type Configuration,
  decodeBlockCertificate,
  decodeTermCertificate,
  type PeerPromise,
  voteMessage,
  voteRequestMessage,
} from '../../consensus/index.ts';
import { decodeNodeId, type VerifySignature } from '../../crypto/index.ts';
import type { Genesis } from '../../ledger/index.ts';
import {
  type DataDirectory,
  type Entry,
  type KeyPrefix,
  prefixedKey,
  prefixRange,
  type Store,
} from '../../storage/index.ts';
import { decodeEvidence, decodeHistoryStep, recoveriesOf, verifyEvidence, verifyHistory } from '../../verify/index.ts';
import { problemOf } from '../cosignatures/store.ts';
import { consensusConfiguration } from '../replica/configuration.ts';
import { ConfigurationRecords } from '../replica/configuration-records.ts';
import { EvidenceStore } from '../replica/evidence-store.ts';
import { certificateKey } from '../replica/persistence.ts';
import {
  blockCertificateKey,
  decodeHardState,
  decodePromise,
  hardStateKey,
  highestCertificateKey,
  highestTermKey,
  promiseKey,
  termCertificateKey,
} from '../replica/records.ts';
import { readRecovery, recoveryKey } from '../replica/recovery-record.ts';
import type { ChainRules } from './chain-rules.ts';
import { readRecordOrFault, storedFault } from './fault.ts';

/** A change of the configuration as the chain brought it. */
export interface ChainChange {
  readonly height: number;
  readonly configuration: Configuration;
}

interface Given {
  readonly directory: DataDirectory;
  readonly genesis: Genesis;
  readonly rules: ChainRules;
  readonly changes: readonly ChainChange[];
  readonly verify: VerifySignature;
}

const recordPageMax = 1000;

/**
 * What a node keeps for consensus: certificates, what it and others promised, the configurations, evidence. Signed
 * statements are verified under the keys that signed them; the rest follows from the chain. Throws `verification-failed`,
 * or `storage-damaged` for a record that is not readable.
 */
export async function checkConsensusRecords(given: Given): Promise<void> {
  const { store } = given.directory;
  checkOwnPromise(given);
  for await (const [key, value] of entriesOf(store, 'certificate')) await checkCertificateRecord(given, key, value);
  for await (const [key, value] of entriesOf(store, 'peerPromise')) checkPromise(given, key, value);
  await checkSingleRecords(given);
  await checkEvidence(given);
  await checkCosignatures(given);
}

/** The mark file and the database say the same of what this node has promised. */
function checkOwnPromise({ directory: { store, journal } }: Given): void {
  const stored = store.get(hardStateKey);
  const { mark } = journal;
  if (mark === undefined && stored === undefined) return;
  if (stored === undefined || mark === undefined || !equalBytes(stored, mark.bytes))
    throw storedFault('consensus-records', 'the mark file and the database differ in what this node has promised');
  readRecordOrFault('what this node has promised', () => decodeHardState(stored));
}

async function checkCertificateRecord({ rules }: Given, key: Uint8Array, value: Uint8Array): Promise<void> {
  const broken = (what: string): AssentError => storedFault('consensus-records', what);
  if (key[1] === blockCertificateKey[0]) {
    const certificate = readRecordOrFault('a certificate', () => decodeBlockCertificate(value));
    if (!equalBytes(key, certificateKey(certificate.ack.height)))
      throw broken('a certificate is kept under another height');
    await rules.checkCertificate(certificate);
  } else {
    const certificate = readRecordOrFault('a certificate', () => decodeTermCertificate(value));
    if (!equalBytes(key, termKey(certificate.request.term))) throw broken('a certificate is kept under another term');
    if (rules.isTermCertificate(certificate) === false) throw broken('no majority signed a certificate of a term');
  }
}

function termKey(term: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(term));
  return prefixedKey('certificate', termCertificateKey, bytes);
}

function checkPromise({ genesis, verify }: Given, key: Uint8Array, value: Uint8Array): void {
  const promise = readRecordOrFault('what a node has promised', () => decodePromise(value));
  if (!equalBytes(key, promiseKey(promise.nodeId)))
    throw storedFault('consensus-records', 'what a node has promised is kept under another name');
  if (!isSigned(promise, genesis.ledgerId, verify))
    throw storedFault('consensus-records', 'what a node is said to have promised is not signed by it');
}

function isSigned(
  { nodeId, ack, vote, voteRequest }: PeerPromise,
  ledgerId: Uint8Array,
  verify: VerifySignature,
): boolean {
  const publicKey = decodeNodeId(nodeId);
  if (publicKey === undefined) return false;
  const holds = (message: Uint8Array, signature: Uint8Array): boolean => verify(publicKey, message, signature);
  return (
    (ack === undefined || holds(ackMessage(ledgerId, ack.statement), ack.signature)) &&
    (vote === undefined || holds(voteMessage(ledgerId, vote.statement), vote.signature)) &&
    (voteRequest === undefined || holds(voteRequestMessage(ledgerId, voteRequest.statement), voteRequest.signature))
  );
}

/** Records with one key each, and those of the configurations. */
async function checkSingleRecords(given: Given): Promise<void> {
  const { genesis, rules, changes, verify, directory } = given;
  const { store } = directory;
  const broken = (what: string): AssentError => storedFault('consensus-records', what);
  const configuration = consensusConfiguration(genesis.configuration);
  const none = { get: () => undefined } as unknown as Store;
  const written = new ConfigurationRecords(none, configuration).replacement(changes);
  const expected = new Map(
    written.flatMap((one) => (one.type === 'put' ? [[toHex(one.key), one.value] as const] : [])),
  );
  const steps: { readonly height: number; readonly value: Uint8Array }[] = [];
  for await (const [key, value] of entriesOf(store, 'consensus')) {
    const name = toHex(key);
    const configured = expected.get(name);
    if (configured !== undefined) {
      if (!equalBytes(configured, value))
        throw broken('the record of a configuration is another than the chain brought');
      expected.delete(name);
    } else if (isStep(key)) steps.push({ height: heightAtEnd(key), value });
    else if (equalBytes(key, highestCertificateKey)) {
      const certificate = readRecordOrFault('a certificate', () => decodeBlockCertificate(value));
      await rules.checkCertificate(certificate);
    } else if (equalBytes(key, highestTermKey)) {
      const certificate = readRecordOrFault('a certificate', () => decodeTermCertificate(value));
      if (rules.isTermCertificate(certificate) === false)
        throw broken('no majority signed the certificate of the newest term');
    } else if (equalBytes(key, recoveryKey)) readRecovery(store, genesis, verify);
    else if (!equalBytes(key, hardStateKey) && !equalBytes(key, evidenceKey))
      throw broken('there is a record that no node writes');
  }
  // Where there was no change, only whoever began with a snapshot has written that.
  if (expected.size > 0 && changes.length > 0) throw broken('the record of a configuration is missing');
  checkSteps(given, steps);
}

const evidenceKey = prefixedKey('consensus', utf8('evidence'));
const stepPrefix = prefixedKey('consensus', utf8('configuration-step'));

function isStep(key: Uint8Array): boolean {
  return key.length === stepPrefix.length + 8 && compareBytes(key.subarray(0, stepPrefix.length), stepPrefix) === 0;
}

function heightAtEnd(key: Uint8Array): number {
  return Number(new DataView(key.buffer, key.byteOffset + key.length - 8, 8).getBigUint64(0));
}

/** The proofs of the changes, as this node would hand them to others: the first of them, without a gap. */
function checkSteps(
  { genesis, changes, verify }: Given,
  steps: readonly { readonly height: number; readonly value: Uint8Array }[],
): void {
  if (steps.some(({ height }, index) => changes[index]?.height !== height))
    throw storedFault('consensus-records', 'the proofs of the changes of the configuration have a gap');
  const { ledgerId } = genesis;
  const configuration = consensusConfiguration(genesis.configuration);
  verifyHistory(
    {
      ledgerId,
      knownHeight: 0,
      knownHash: configuration.hash,
      steps: steps.map(({ value }) => decodeHistoryStep(value)),
    },
    { ledgerId, height: 0, configuration, openRecovery: recoveriesOf(genesis, verify) },
    verify,
  );
}

async function checkEvidence({ directory: { store }, verify }: Given): Promise<void> {
  const evidence = new EvidenceStore(store, () => undefined);
  let records = 0;
  for await (const [key, value] of entriesOf(store, 'evidence')) {
    const id = toHex(key.subarray(1));
    const entry = evidence.entries.find((one) => one.id === id);
    const verdict = readRecordOrFault('a record of evidence', () => verifyEvidence(decodeEvidence(value), verify));
    if (entry === undefined || entry.kind !== verdict.kind || entry.culprit !== verdict.culprit)
      throw storedFault('evidence', 'a record of evidence and its index differ');
    records += 1;
  }
  if (records !== evidence.size) throw storedFault('evidence', 'a record of evidence is missing');
}

async function checkCosignatures({ directory: { store }, genesis, verify }: Given): Promise<void> {
  for await (const [key, value] of entriesOf(store, 'cosignature')) {
    const problem = problemOf(genesis.ledgerId, key.subarray(1), value, verify);
    if (problem !== undefined) throw storedFault('consensus-records', problem);
  }
}

async function* entriesOf(store: Store, prefix: KeyPrefix): AsyncGenerator<Entry> {
  const { from: begin, to } = prefixRange(prefix);
  for (let from = begin; ; ) {
    const page = await store.range({ from, to, limit: recordPageMax });
    yield* page;
    const last = page.at(-1)?.[0];
    if (last === undefined || page.length < recordPageMax) return;
    from = new Uint8Array(last.length + 1);
    from.set(last);
  }
}
