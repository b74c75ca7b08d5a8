import { equalBytes, present } from '../base/index.ts';
import { decodeNodeId, type NodeId, signedMessage } from '../crypto/portable.ts';
import type { AckStatement, BlockReference, Hash, Tip, VoteRequestStatement } from './types.ts';

/** Lengths of the fixed-width bodies that are signed (protocol.md §5, "Signed statements"). */
export const VOTE_REQUEST_BYTES = 120;
export const ACK_BYTES = 80;

/** term u64, candidate's key 32, tip's term u64, height u64, hash 32, configuration hash 32. All numbers big-endian. */
export function encodeVoteRequest({ term, candidate, tip, configurationHash }: VoteRequestStatement): Uint8Array {
  const body = new Uint8Array(VOTE_REQUEST_BYTES);
  writeUint64(body, 0, term);
  body.set(publicKeyOf(candidate), 8);
  writeUint64(body, 40, tip.term);
  writeUint64(body, 48, tip.height);
  body.set(tip.hash, 56);
  body.set(configurationHash, 88);
  return body;
}

/** term u64, height u64, block hash 32, configuration hash 32. */
export function encodeAck({ term, height, blockHash, configurationHash }: AckStatement): Uint8Array {
  const body = new Uint8Array(ACK_BYTES);
  writeUint64(body, 0, term);
  writeUint64(body, 8, height);
  body.set(blockHash, 16);
  body.set(configurationHash, 48);
  return body;
}

/** Big-endian, in place: an ack is encoded for every block and signer. */
function writeUint64(body: Uint8Array, offset: number, value: number): void {
  let rest = value;
  for (let index = offset + 7; index >= offset; index--) {
    body[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** What a candidate signs to ask for votes. */
export function voteRequestMessage(ledgerId: Hash, statement: VoteRequestStatement): Uint8Array {
  return signedMessage('vote-request', ledgerId, encodeVoteRequest(statement));
}

/** What a voter signs to grant one: the same tuple under its own kind. */
export function voteMessage(ledgerId: Hash, statement: VoteRequestStatement): Uint8Array {
  return signedMessage('vote', ledgerId, encodeVoteRequest(statement));
}

export function ackMessage(ledgerId: Hash, statement: AckStatement): Uint8Array {
  return signedMessage('ack', ledgerId, encodeAck(statement));
}

const keysByNode = new Map<NodeId, Uint8Array>();
const keysKeptMax = 1024;

/** The Ed25519 key inside a node id. Ids are checked where they enter, so a foreign text here is a bug. */
export function publicKeyOf(nodeId: NodeId): Uint8Array {
  return present(findPublicKey(nodeId), 'an id that entered is a node id');
}

export function isNodeId(text: string): boolean {
  return findPublicKey(text) !== undefined;
}

/** Decoding is slow for what it is asked so often, hence the small memory. */
function findPublicKey(nodeId: NodeId): Uint8Array | undefined {
  const known = keysByNode.get(nodeId);
  if (known !== undefined) return known;
  const key = decodeNodeId(nodeId);
  if (key === undefined) return undefined;
  if (keysByNode.size >= keysKeptMax) keysByNode.clear();
  keysByNode.set(nodeId, key);
  return key;
}

/** Anything with a place in the order of tips. */
export interface ChainPlace {
  readonly term: number;
  readonly height: number;
}

/** By term, then height: negative, zero or positive. */
export function comparePlaces(left: ChainPlace, right: ChainPlace): number {
  return left.term - right.term || left.height - right.height;
}

export function sameTip(left: Tip, right: Tip): boolean {
  return left.height === right.height && left.term === right.term && equalBytes(left.hash, right.hash);
}

export function sameRequest(left: VoteRequestStatement, right: VoteRequestStatement): boolean {
  return (
    left.term === right.term &&
    left.candidate === right.candidate &&
    sameTip(left.tip, right.tip) &&
    equalBytes(left.configurationHash, right.configurationHash)
  );
}

export function sameAck(left: AckStatement, right: AckStatement): boolean {
  return (
    left.term === right.term &&
    left.height === right.height &&
    equalBytes(left.blockHash, right.blockHash) &&
    equalBytes(left.configurationHash, right.configurationHash)
  );
}

/** The end of the chain that ends with this block. */
export function tipOf({ term, height, hash }: BlockReference): Tip {
  return { term, height, hash };
}

/** The statement that acknowledges this block. */
export function ackOf({ term, height, hash, configurationHash }: BlockReference): AckStatement {
  return { term, height, blockHash: hash, configurationHash };
}

/** Whether the ack is of exactly this block, in its own term and under the configuration that its header names. */
export function isAckOf(ack: AckStatement, block: BlockReference): boolean {
  return sameAck(ack, ackOf(block));
}
