import { AssentError, messageOf, unreachable } from '../../base/index.ts';
import {
  type BlockCertificate,
  type BlockReference,
  decodeBlockCertificate,
  decodeTermCertificate,
  encodeBlockCertificate,
  encodeTermCertificate,
  type Message,
  type Refusal,
  type TermCertificate,
} from '../../consensus/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../ledger/index.ts';
import {
  binary,
  count,
  decodeRequest,
  decodeSignedAck,
  decodeSignedVote,
  decodeTip,
  encodeRequest,
  encodeSignedAck,
  encodeSignedVote,
  encodeTip,
  list,
  optional,
  text,
} from './records.ts';
import type { ReplicaChannel } from './replica-options.ts';

/**
 * Consensus messages as frames: `[wire version, message number, field, …]`. Blocks travel whole; their references are
 * made from the bytes again on arrival.
 */
export const wireVersion = 1;
const frameLimits = { bytesMax: 4 * 1024 * 1024, depthMax: 8, countMax: 4096 };
const blocksMax = 512;

/** Numbers are part of the protocol: appended to, never reused. 16 and up are for snapshots and configurations. */
const numbers = {
  'pre-vote-request': 1,
  'pre-vote-reply': 2,
  'vote-request': 3,
  'vote-reply': 4,
  append: 5,
  'append-reply': 6,
  heartbeat: 7,
  'heartbeat-reply': 8,
  'read-index-request': 9,
  'read-index-reply': 10,
  'nonce-request': 11,
  'nonce-reply': 12,
  'branch-request': 13,
  'branch-reply': 14,
  'campaign-now': 15,
} as const satisfies Record<Message['type'], number>;

/** Messages of the driver itself, which consensus does not see: see evidence-wire.ts, reach/wire.ts and in-force/wire.ts. */
export const driverNumbers = {
  evidence: 20,
  'evidence-known': 21,
  'applied-wanted': 22,
  applied: 23,
  'decides-wanted': 24,
  decides: 25,
  'lease-wanted': 26,
  lease: 27,
  'bar-wanted': 28,
  barred: 29,
} as const;

const types = new Map<number, Message['type']>(
  Object.entries(numbers).map(([type, number]) => [number, type as Message['type']]),
);

/** What the codec needs of blocks. */
export interface BlockAccess {
  bytes(reference: BlockReference): Uint8Array;
  /** Checks the header's signature. Throws AssentError. */
  receive(bytes: Uint8Array): BlockReference;
}

/** Blocks have a stream of their own, so that they never hold up a heartbeat or a vote. */
export function channelOf(message: Message): ReplicaChannel {
  return message.type === 'append' || message.type === 'branch-reply' ? 'replication' : 'heartbeat';
}

export function encodeMessage(message: Message, blocks: BlockAccess): Uint8Array {
  return encodeCanonical([wireVersion, numbers[message.type], ...fieldsOf(message, blocks)]);
}

/** Throws `frame-invalid` for anything that {@link encodeMessage} does not give. */
export function decodeMessage(frame: Uint8Array, blocks: BlockAccess): Message {
  try {
    const [version, number, ...fields] = list(decodeCanonical(frame, frameLimits));
    const type = types.get(count(number));
    if (version !== wireVersion || type === undefined)
      throw new AssentError('frame-invalid', 'unknown version or message');
    return messageFrom(type, fields, blocks);
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw new AssentError(
      'frame-invalid',
      `a consensus frame is not readable: ${messageOf(error)}`,
      { reason: error.code },
      { cause: error },
    );
  }
}

function fieldsOf(message: Message, blocks: BlockAccess): CanonicalValue[] {
  switch (message.type) {
    case 'pre-vote-request':
      return [message.term, message.round, encodeTip(message.tip)];
    case 'pre-vote-reply':
      return [message.term, message.round, message.granted, encodeTip(message.tip)];
    case 'vote-request':
      return [
        encodeRequest(message.statement),
        message.signature,
        message.tipHeader ?? null,
        termOut(message.tipTermCertificate),
        ...(message.ordered === undefined ? [] : [true]),
      ];
    case 'vote-reply':
      return [message.term, encodeRequest(message.statement), message.signature ?? null, encodeTip(message.tip)];
    case 'append': {
      const bodies = message.blocks.map((block) => blocks.bytes(block));
      return [
        message.term,
        message.sequence,
        termOut(message.termCertificate),
        encodeTip(message.previous),
        bodies,
        blockOut(message.certificate),
      ];
    }
    case 'append-reply': {
      const { conflict } = message;
      return [
        message.term,
        message.sequence,
        message.acks.map(encodeSignedAck),
        encodeTip(message.durable),
        conflict === undefined ? null : [conflict.hintTerm, conflict.hintHeight],
        refusalOut(message.refusal),
      ];
    }
    case 'heartbeat':
      return [message.term, message.round, termOut(message.termCertificate), blockOut(message.certificate)];
    case 'heartbeat-reply':
      return [
        message.term,
        message.round,
        optional(message.ack, encodeSignedAck),
        encodeTip(message.durable),
        message.committedHeight,
        message.clockMs,
        refusalOut(message.refusal),
        message.needsTermCertificate,
      ];
    case 'read-index-request':
      return [message.context];
    case 'read-index-reply':
      return [message.context, message.height ?? null];
    case 'nonce-request':
      return [message.nonce];
    case 'nonce-reply':
      return [
        message.nonce,
        optional(message.ack, encodeSignedAck),
        optional(message.vote, encodeSignedVote),
        optional(message.voteRequest, encodeSignedVote),
      ];
    case 'branch-request':
      return [encodeTip(message.known), encodeTip(message.wanted)];
    case 'branch-reply': {
      const bodies = message.blocks.map((block) => blocks.bytes(block));
      return [
        encodeTip(message.previous),
        bodies,
        encodeTip(message.tip),
        optional(message.certificate, encodeBlockCertificate),
      ];
    }
    case 'campaign-now':
      return [message.term];
    default:
      return unreachable(message);
  }
}

function messageFrom(type: Message['type'], fields: readonly CanonicalValue[], blocks: BlockAccess): Message {
  const field = (index: number): CanonicalValue | undefined => fields[index];
  const only = (length: number): void => void list(fields, length);
  switch (type) {
    case 'pre-vote-request':
      only(3);
      return { type, term: count(field(0)), round: count(field(1)), tip: decodeTip(field(2)) };
    case 'pre-vote-reply':
      only(4);
      return { type, term: count(field(0)), round: count(field(1)), granted: flag(field(2)), tip: decodeTip(field(3)) };
    case 'vote-request':
      // The fifth stands only in a campaign that the leader ordered.
      only(fields.length === 5 ? 5 : 4);
      return {
        type,
        statement: decodeRequest(field(0)),
        signature: binary(field(1), 64),
        ...given('tipHeader', field(2), (value) => binary(value)),
        ...given('tipTermCertificate', field(3), termIn),
        ...(fields.length === 5 && { ordered: mark(field(4)) }),
      };
    case 'vote-reply':
      only(4);
      return {
        type,
        term: count(field(0)),
        statement: decodeRequest(field(1)),
        ...given('signature', field(2), (value) => binary(value, 64)),
        tip: decodeTip(field(3)),
      };
    case 'append':
      only(6);
      return {
        type,
        term: count(field(0)),
        sequence: count(field(1)),
        ...given('termCertificate', field(2), termIn),
        previous: decodeTip(field(3)),
        blocks: blocksIn(field(4), blocks),
        ...given('certificate', field(5), blockIn),
      };
    case 'append-reply':
      only(6);
      return {
        type,
        term: count(field(0)),
        sequence: count(field(1)),
        acks: bounded(field(2)).map(decodeSignedAck),
        durable: decodeTip(field(3)),
        ...given('conflict', field(4), conflictIn),
        ...given('refusal', field(5), refusalIn),
      };
    case 'heartbeat':
      only(4);
      return {
        type,
        term: count(field(0)),
        round: count(field(1)),
        ...given('termCertificate', field(2), termIn),
        ...given('certificate', field(3), blockIn),
      };
    case 'heartbeat-reply':
      only(8);
      return {
        type,
        term: count(field(0)),
        round: count(field(1)),
        ...given('ack', field(2), decodeSignedAck),
        durable: decodeTip(field(3)),
        committedHeight: count(field(4)),
        clockMs: count(field(5)),
        ...given('refusal', field(6), refusalIn),
        needsTermCertificate: flag(field(7)),
      };
    case 'read-index-request':
      only(1);
      return { type, context: count(field(0)) };
    case 'read-index-reply':
      only(2);
      return { type, context: count(field(0)), ...given('height', field(1), count) };
    case 'nonce-request':
      only(1);
      return { type, nonce: binary(field(0), 32) };
    case 'nonce-reply':
      only(4);
      return {
        type,
        nonce: binary(field(0), 32),
        ...given('ack', field(1), decodeSignedAck),
        ...given('vote', field(2), decodeSignedVote),
        ...given('voteRequest', field(3), decodeSignedVote),
      };
    case 'branch-request':
      only(2);
      return { type, known: decodeTip(field(0)), wanted: decodeTip(field(1)) };
    case 'branch-reply':
      only(4);
      return {
        type,
        previous: decodeTip(field(0)),
        blocks: blocksIn(field(1), blocks),
        tip: decodeTip(field(2)),
        ...given('certificate', field(3), blockIn),
      };
    case 'campaign-now':
      only(1);
      return { type, term: count(field(0)) };
    default:
      return unreachable(type);
  }
}

function blocksIn(value: CanonicalValue | undefined, blocks: BlockAccess): BlockReference[] {
  return bounded(value).map((item) => blocks.receive(binary(item)));
}

function bounded(value: CanonicalValue | undefined): readonly CanonicalValue[] {
  const items = list(value);
  if (items.length > blocksMax) throw new AssentError('frame-invalid', `more than ${blocksMax} items`);
  return items;
}

function refusalOut(refusal: Refusal | undefined): CanonicalValue {
  return refusal === undefined ? null : [refusal.height, refusal.hash, refusal.reason];
}

function refusalIn(value: CanonicalValue): Refusal {
  const [height, hash, reason] = list(value, 3);
  return { height: count(height), hash: binary(hash, 32), reason: text(reason) };
}

function conflictIn(value: CanonicalValue): { hintTerm: number; hintHeight: number } {
  const [hintTerm, hintHeight] = list(value, 2);
  return { hintTerm: count(hintTerm), hintHeight: count(hintHeight) };
}

function termOut(certificate: TermCertificate | undefined): CanonicalValue {
  return optional(certificate, encodeTermCertificate);
}

function termIn(value: CanonicalValue): TermCertificate {
  return decodeTermCertificate(binary(value));
}

function blockOut(certificate: BlockCertificate | undefined): CanonicalValue {
  return optional(certificate, encodeBlockCertificate);
}

function blockIn(value: CanonicalValue): BlockCertificate {
  return decodeBlockCertificate(binary(value));
}

function flag(value: CanonicalValue | undefined): boolean {
  if (typeof value !== 'boolean') throw new AssentError('frame-invalid', 'a flag is true or false');
  return value;
}

/** What has a place only when it is true. */
function mark(value: CanonicalValue | undefined): true {
  if (value !== true) throw new AssentError('frame-invalid', 'a mark is true or absent');
  return value;
}

/** An optional field: present unless nil. */
function given<K extends string, T>(
  key: K,
  value: CanonicalValue | undefined,
  decode: (value: CanonicalValue) => T,
): { [key in K]?: T } {
  return value === null || value === undefined ? {} : ({ [key]: decode(value) } as { [key in K]: T });
}
