import { AssentError, equalBytes, messageOf, unreachable } from '../base/index.ts';
import {
  type AckStatement,
  comparePlaces,
  decodeJustification,
  decodeTermCertificate,
  sameAck,
  sameRequest,
  stepBetween,
  type VoteRequestStatement,
  verifyTermCertificate,
} from '../consensus/portable.ts';
import {
  encodeNodeId,
  type NodeId,
  sha256,
  type VerifySignature,
  verifySignaturePortable,
} from '../crypto/portable.ts';
import { type NodeConfiguration, openConfiguration } from '../ledger/portable.ts';
import { consensusForm } from './configuration-form.ts';
import { type EvidenceKind, type EvidenceRecord, isOrdered } from './evidence-record.ts';
import { failed, type OpenedHeader, StatementReader } from './signed-statements.ts';

/** What a record proves, and of which key. */
export interface EvidenceVerdict {
  readonly kind: EvidenceKind;
  /** 32 bytes. */
  readonly ledgerId: Uint8Array;
  /** As the record states it where no configuration is in it: a key belongs to one generation only. */
  readonly generation: number;
  readonly culprit: NodeId;
  /** The term in which the key broke the rules; of an ack and a vote, the vote's. */
  readonly term: number;
  /** What the key did, as the end of a sentence that begins with its name. */
  readonly deed: string;
  /** Hash of the configuration under which a certificate was verified; the culprit's own header names it. */
  readonly configurationHash?: Uint8Array;
}

type Finding = Pick<EvidenceVerdict, 'term' | 'deed' | 'configurationHash'>;

/**
 * Holds a record against the rules of protocol.md §5, "Evidence". It can never name a node that kept them: every rule
 * compares what the culprit's own key signed, and only (v) rests on others besides, on a majority of a configuration
 * that the culprit itself named.
 *
 * Throws `verification-failed` with the reason where nothing is proved.
 */
export function verifyEvidence(
  record: EvidenceRecord,
  verify: VerifySignature = verifySignaturePortable,
): EvidenceVerdict {
  const { kind, ledgerId, generation, culprit } = record;
  try {
    if (!isOrdered(record)) throw failed('the statements are equal, or not in their order');
    const finding = find(record, new StatementReader(ledgerId, verify), verify);
    return { kind, ledgerId, generation, culprit: encodeNodeId(culprit), ...finding };
  } catch (error) {
    if (!(error instanceof AssentError) || error.code === 'verification-failed') throw error;
    // Malformed inside: no honest node signed it, but neither does it prove anything.
    throw new AssentError(
      'verification-failed',
      `The evidence proves nothing: ${messageOf(error)}.`,
      {},
      { cause: error },
    );
  }
}

function find(record: EvidenceRecord, read: StatementReader, verify: VerifySignature): Finding {
  const { kind, culprit, first, second, context } = record;
  switch (kind) {
    case 'two-headers':
      needs(context.length === 0, 'this kind has no context');
      return twoHeaders(culprit, read.header(first), read.header(second));
    case 'two-acks':
      needs(context.length === 0, 'this kind has no context');
      return twoAcks(read.ack(culprit, first), read.ack(culprit, second));
    case 'two-votes':
      needs(context.length === 0, 'this kind has no context');
      return twoRequests(read.vote(culprit, first), read.vote(culprit, second), 'voted for two candidates or tips');
    case 'two-vote-requests':
      needs(context.length === 0, 'this kind has no context');
      return twoRequests(
        read.voteRequest(culprit, first),
        read.voteRequest(culprit, second),
        'asked for votes with two claims',
      );
    case 'ack-then-vote':
      needs(context.length === 0, 'this kind has no context');
      return ackThenVote(read.ack(culprit, first), read.vote(culprit, second));
    case 'broken-claim':
      return brokenClaim(record, read.header(second), verify);
    case 'broken-change':
      return brokenChange(record, read.header(first), read.header(second));
    default:
      return unreachable(kind);
  }
}

/** (i) */
function twoHeaders(culprit: Uint8Array, one: OpenedHeader, other: OpenedHeader): Finding {
  needs(equalBytes(one.proposer, culprit) && equalBytes(other.proposer, culprit), 'a header is of another key');
  needs(comparePlaces(one, other) === 0, 'the headers are of different heights or terms');
  needs(!equalBytes(one.hash, other.hash), 'the headers are the same');
  return { term: one.term, deed: `sealed two blocks of height ${one.height} in term ${one.term}` };
}

/** (ii): two acks of one height that differ; an ack that is repeated is none. */
function twoAcks(one: AckStatement, other: AckStatement): Finding {
  needs(comparePlaces(one, other) === 0, 'the acks are of different heights or terms');
  needs(!sameAck(one, other), 'the acks are the same');
  return { term: one.term, deed: `acknowledged two blocks of height ${one.height} in term ${one.term}` };
}

/** (iii) */
function twoRequests(one: VoteRequestStatement, other: VoteRequestStatement, deed: string): Finding {
  needs(one.term === other.term, 'the terms differ');
  needs(!sameRequest(one, other), 'the statements are the same');
  return { term: one.term, deed: `${deed} in term ${one.term}` };
}

/** (iv): who acknowledged (t, h) votes in no later term for a tip below it, and acknowledges nothing after such a vote. */
function ackThenVote(ack: AckStatement, vote: VoteRequestStatement): Finding {
  needs(vote.term > ack.term, "the vote is not of a later term than the ack's");
  needs(comparePlaces(vote.tip, ack) < 0, 'the tip that was voted for is not below the acknowledged block');
  const voted = `voted in term ${vote.term} for a chain that ends at height ${vote.tip.height} of term ${vote.tip.term}`;
  return {
    term: vote.term,
    deed: `${voted}, although it acknowledged height ${ack.height} of term ${ack.term}`,
  };
}

/**
 * (v): a majority voted for a claim, and the leader sealed a block that cannot stand on the claimed tip. The
 * configuration is the one that the leader's header names. Whoever invents one, with keys of his own, finds no honest
 * key that signed it; and an honest leader's block of the claimed tip's height or the next names the one in force there.
 */
function brokenClaim(record: EvidenceRecord, header: OpenedHeader, verify: VerifySignature): Finding {
  const { culprit, context, first, generation, ledgerId } = record;
  const [configurationBytes] = context;
  if (configurationBytes === undefined || context.length !== 1) throw failed('it carries no configuration');
  needs(equalBytes(header.proposer, culprit), 'the header is of another key');
  const configuration = namedConfiguration(configurationBytes, header);
  needs(configuration.generation === generation, 'the generation is not that of the configuration');
  const certificate = decodeTermCertificate(first);
  const { request } = certificate;
  needs(request.candidate === encodeNodeId(culprit), 'the term certificate is of another key');
  needs(request.term === header.term, 'certificate and header are of different terms');
  needs(equalBytes(request.configurationHash, configuration.hash), 'the certificate names another configuration');
  needs(
    verifyTermCertificate(certificate, consensusForm(configuration), ledgerId, verify),
    'no majority of the configuration signed the term certificate',
  );
  // A header further up proves nothing by itself: what is between is not in it.
  const { tip } = request;
  needs(header.height <= tip.height + 1, 'the header is too far above the claimed tip');
  needs(header.height <= tip.height || !equalBytes(header.parentHash, tip.hash), 'the header extends the claimed tip');
  const place = `height ${tip.height} of term ${tip.term}`;
  return {
    term: header.term,
    deed: `was elected to term ${header.term} on a chain that ends at ${place}, and sealed height ${header.height} on another`,
    configurationHash: configuration.hash,
  };
}

/**
 * (vi): a block changes the configuration without saying to which, in more than one step, or before a block of its own
 * term had a certificate. That it belongs to its parent's generation, within which alone the rule holds, is shown by one
 * key having sealed both, or by the configurations themselves.
 */
function brokenChange(record: EvidenceRecord, header: OpenedHeader, parent: OpenedHeader): Finding {
  const [justificationBytes, beforeBytes] = record.context;
  if (justificationBytes === undefined || record.context.length > 2) throw failed('its context has another length');
  needs(equalBytes(header.proposer, record.culprit), 'the header is of another key');
  needs(equalBytes(header.parentHash, parent.hash), "the second header is not the first's parent");
  needs(equalBytes(sha256(justificationBytes), header.justificationHash), "the justification is not the header's");
  const { block, configuration: after } = decodeJustification(justificationBytes, (bytes) =>
    consensusForm(openConfiguration(bytes)),
  );
  const before = beforeBytes && consensusForm(namedConfiguration(beforeBytes, parent));
  needs(before === undefined || before.generation === record.generation, 'the configuration is of another generation');
  needs(
    equalBytes(header.proposer, parent.proposer) || (before !== undefined && before.generation === after?.generation),
    'it does not show that both headers are of one generation',
  );
  needs(
    after !== undefined || !equalBytes(header.configurationHash, parent.configurationHash),
    'the block changes no configuration',
  );
  const { term, height } = header;
  const place = `block ${height} of term ${term}`;
  if (after === undefined) return { term, deed: `changed the configuration in ${place} without saying to which` };
  if (!equalBytes(after.hash, header.configurationHash))
    return { term, deed: `stated another configuration in ${place} than its header names` };
  if (before !== undefined && stepBetween(before, after) === undefined)
    return { term, deed: `changed the configuration in ${place} by more or less than one step` };
  needs(block?.ack.term !== term, 'the block states a certificate of its term');
  return { term, deed: `changed the configuration in ${place} before it had certified one of that term` };
}

function namedConfiguration(bytes: Uint8Array, header: OpenedHeader): NodeConfiguration {
  const configuration = openConfiguration(bytes);
  needs(
    equalBytes(configuration.hash, header.configurationHash),
    'a configuration is not the one that the header names',
  );
  return configuration;
}

function needs(condition: boolean, otherwise: string): void {
  if (!condition) throw failed(otherwise);
}
