import { concatBytes, utf8 } from '../../../src/base/index.ts';
import {
  type AckStatement,
  ackMessage,
  type Configuration,
  encodeAck,
  encodeJustification,
  encodeTermCertificate,
  encodeVoteRequest,
  type TermCertificate,
  type Tip,
  type VoteRequestStatement,
  voteMessage,
  voteRequestMessage,
} from '../../../src/consensus/index.ts';
import { createSigner, encodeNodeId, type Signer, sha256, signedMessage } from '../../../src/crypto/index.ts';
import {
  type BlockHeader,
  encodeHeader,
  type NodeConfiguration,
  type NodeOfConfiguration,
  nodeConfiguration,
} from '../../../src/ledger/index.ts';
import { type EvidenceKind, type EvidenceRecord, evidenceRecord } from '../../../src/verify/index.ts';

/** Real keys and whatever they can be made to sign. */
export const ledgerId: Uint8Array = sha256(utf8('a ledger with a liar'));
export const liar: Signer = createSigner(new Uint8Array(32).fill(1));
export const second: Signer = createSigner(new Uint8Array(32).fill(2));
export const third: Signer = createSigner(new Uint8Array(32).fill(3));
export const stranger: Signer = createSigner(new Uint8Array(32).fill(4));
export const configuration: NodeConfiguration = configurationOf([liar, second, third]);
export const noJustification: Uint8Array = encodeJustification({});

export function configurationOf(
  voters: readonly Signer[],
  generation = 0,
  others: readonly NodeOfConfiguration[] = [],
): NodeConfiguration {
  return nodeConfiguration(generation, [
    ...voters.map(({ publicKey }): NodeOfConfiguration => ({ publicKey, role: 'voter' })),
    ...others,
  ]);
}

export function consensusForm(of: NodeConfiguration): Configuration {
  return { ...of, nodes: of.nodes.map((node) => ({ ...node, id: encodeNodeId(node.publicKey) })) };
}

export function hashOf(text: string): Uint8Array {
  return sha256(utf8(text));
}

export function tip(term: number, height: number, name = 'chain'): Tip {
  return { term, height, hash: hashOf(`${name} ${term} ${height}`) };
}

export function ackOf({ term, height, hash }: Tip, configurationHash: Uint8Array = configuration.hash): AckStatement {
  return { term, height, blockHash: hash, configurationHash };
}

export function requestOf(
  term: number,
  candidate: Signer,
  of: Tip,
  inForce: NodeConfiguration = configuration,
): VoteRequestStatement {
  return { term, candidate: encodeNodeId(candidate.publicKey), tip: of, configurationHash: inForce.hash };
}

export function signedAck(statement: AckStatement, signer: Signer = liar, ledger: Uint8Array = ledgerId): Uint8Array {
  return concatBytes(encodeAck(statement), signer.sign(ackMessage(ledger, statement)));
}

export function signedVote(statement: VoteRequestStatement, signer: Signer = liar): Uint8Array {
  return concatBytes(encodeVoteRequest(statement), signer.sign(voteMessage(ledgerId, statement)));
}

export function signedRequest(statement: VoteRequestStatement, signer: Signer = liar): Uint8Array {
  return concatBytes(encodeVoteRequest(statement), signer.sign(voteRequestMessage(ledgerId, statement)));
}

/** A header of the liar's, signed by it, at height 7 of term 3 unless said otherwise. */
export function signedHeader(fields: Partial<BlockHeader> = {}, signer: Signer = liar): Uint8Array {
  const body = headerBytes(fields);
  return concatBytes(body, signer.sign(signedMessage('header', ledgerId, body)));
}

export function headerHash(fields: Partial<BlockHeader> = {}): Uint8Array {
  return sha256(headerBytes(fields));
}

function headerBytes(fields: Partial<BlockHeader>): Uint8Array {
  return encodeHeader({
    ledgerId,
    height: 7,
    term: 3,
    parentHash: hashOf('parent'),
    timestamp: 1_000_000,
    proposer: liar.publicKey,
    transactionsRoot: hashOf('transactions'),
    transactionCount: 0,
    resultsRoot: hashOf('results'),
    stateRoot: hashOf('state'),
    historyRoot: hashOf('history'),
    configurationHash: configuration.hash,
    justificationHash: sha256(noJustification),
    ...fields,
  });
}

export function termCertificate(request: VoteRequestStatement, voters: readonly Signer[]): Uint8Array {
  const votes: TermCertificate['votes'] = voters
    .map((voter) => ({
      signer: encodeNodeId(voter.publicKey),
      key: voter.publicKey,
      signature: voter.sign(voteMessage(ledgerId, request)),
    }))
    .sort((left, right) => Buffer.compare(left.key, right.key));
  return encodeTermCertificate({ request, votes });
}

export function record(
  kind: EvidenceKind,
  first: Uint8Array,
  other: Uint8Array,
  changes: Partial<EvidenceRecord> = {},
): EvidenceRecord {
  const parts = { kind, ledgerId, generation: 0, culprit: liar.publicKey, first, second: other, context: [] };
  return evidenceRecord({ ...parts, ...changes });
}
