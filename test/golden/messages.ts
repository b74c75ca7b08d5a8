import type { Message, Refusal } from '../../src/consensus/index.ts';
import type { Labels } from './labels.ts';

/** One line that says what a message says; the type comes first. */
export function describeMessage(labels: Labels, message: Message): string {
  return `${message.type} ${partsOf(labels, message)
    .filter((part) => part !== undefined && part !== '')
    .join(', ')}`.trimEnd();
}

function partsOf(labels: Labels, message: Message): (string | undefined)[] {
  switch (message.type) {
    case 'pre-vote-request':
      return [`#${message.round} for term ${message.term}`, `tip ${labels.block(message.tip)}`];
    case 'pre-vote-reply':
      return message.granted
        ? [`#${message.round} granted for term ${message.term}`]
        : [`#${message.round} refused in term ${message.term}`, `tip ${labels.block(message.tip)}`];
    case 'vote-request':
      return [`for term ${message.statement.term}`, `tip ${labels.block(message.statement.tip)}`];
    case 'vote-reply':
      return message.signature !== undefined
        ? [`granted for term ${message.statement.term}`]
        : [`refused for term ${message.statement.term} in term ${message.term}`, `tip ${labels.block(message.tip)}`];
    case 'append':
      return appendParts(labels, message);
    case 'append-reply':
      return [
        `${message.sequence > 0 ? `#${message.sequence} ` : ''}term ${message.term}`,
        message.acks.length > 0 ? `ack ${labels.acks(message.acks)}` : undefined,
        `durable ${labels.block(message.durable)}`,
        message.conflict && `conflict: try ${message.conflict.hintHeight} of term ${message.conflict.hintTerm}`,
        refusalPart(labels, message.refusal),
      ];
    case 'heartbeat':
      return [
        `#${message.round} term ${message.term}`,
        message.termCertificate && labels.termCertificate(message.termCertificate),
        message.certificate && labels.certificate(message.certificate),
      ];
    case 'heartbeat-reply':
      return [
        `#${message.round} term ${message.term}`,
        message.ack && `ack ${labels.acks([message.ack])}`,
        `durable ${labels.block(message.durable)}`,
        `committed ${message.committedHeight}`,
        refusalPart(labels, message.refusal),
        message.needsTermCertificate ? 'needs the term certificate' : undefined,
      ];
    case 'read-index-request':
      return [`${message.context}`];
    case 'read-index-reply':
      return [`${message.context}: ${message.height === undefined ? 'refused' : `height ${message.height}`}`];
    case 'nonce-reply':
      return nonceParts(labels, message);
    case 'branch-request':
      return [`above ${labels.block(message.known)} to ${labels.block(message.wanted)}`];
    case 'branch-reply':
      return [
        `${labels.blocks(message.blocks)} after ${labels.block(message.previous)}`,
        `tip ${labels.block(message.tip)}`,
      ];
    default:
      // The name says it all.
      return 'term' in message ? [`term ${message.term}`] : [];
  }
}

function appendParts(labels: Labels, append: Extract<Message, { type: 'append' }>): (string | undefined)[] {
  const { sequence, term, blocks, previous, termCertificate, certificate } = append;
  return [
    `${sequence > 0 ? `#${sequence} ` : ''}term ${term}`,
    `${blocks.length > 0 ? labels.blocks(blocks) : 'no block'} after ${labels.block(previous)}`,
    termCertificate && labels.termCertificate(termCertificate),
    certificate && labels.certificate(certificate),
  ];
}

function nonceParts(labels: Labels, reply: Extract<Message, { type: 'nonce-reply' }>): string[] {
  const { ack, vote, voteRequest } = reply;
  const held = [
    ...(ack ? [`ack ${labels.acks([ack])}`] : []),
    ...(vote ? [`vote for ${labels.node(vote.statement.candidate)} in term ${vote.statement.term}`] : []),
    ...(voteRequest ? [`vote request of term ${voteRequest.statement.term}`] : []),
  ];
  return held.length > 0 ? held : ['nothing held'];
}

function refusalPart(labels: Labels, refusal: Refusal | undefined): string | undefined {
  return refusal && `refuses ${labels.hash(refusal.hash)}: ${labels.sentence(refusal.reason)}`;
}
