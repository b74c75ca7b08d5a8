import { AssentError, compareBytes, equalBytes, messageOf, toHex } from '../base/index.ts';
import {
  HASH_BYTES,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
  signedMessage,
  type VerifySignature,
} from '../crypto/portable.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from './codec/index.ts';
import { type NodeConfiguration, nodeConfiguration, problemOf } from './configuration.ts';
import { approvalThreshold, type Genesis } from './genesis.ts';
import type { RecoveryContent, RecoveryNode } from './types/execution.ts';

/** The most bytes of a signed statement: it travels in a block's justification, beside certificates. */
export const recoveryBytesMax: number = 40 * 1024;

const statementVersion = 1;
const signedVersion = 1;
const nodeFieldCount = 4;
const recoveryLimits = { bytesMax: recoveryBytesMax, depthMax: 4, countMax: 8192 };
const addressCharactersMax = 128;
const addressPattern = /^([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]):[1-9][0-9]{0,4}$/;

/** The block from which a ledger goes on; all above it is abandoned. */
export interface RecoveryBase {
  readonly height: number;
  readonly term: number;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** What members sign when a majority of nodes is gone for good (protocol.md §5, "Disaster"). */
export interface RecoveryStatement {
  /** 32 bytes. */
  readonly ledgerId: Uint8Array;
  readonly base: RecoveryBase;
  /** The new generation and its nodes, all of them under keys that the ledger never saw. */
  readonly content: RecoveryContent;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
}

/** A member's signature of a statement. */
export interface RecoverySignature {
  /** Ed25519 governance key, 32 bytes. */
  readonly governanceKey: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** A statement with the signatures that it has so far, ascending by key. */
export interface SignedRecovery {
  readonly statement: RecoveryStatement;
  /** The statement's canonical bytes. */
  readonly statementBytes: Uint8Array;
  readonly signatures: readonly RecoverySignature[];
}

/**
 * Canonical bytes `[version, ledgerId, height, term, hash, generation, [[node key, member, role, address | nil], …],
 * createdAt]`.
 */
export function encodeRecoveryStatement({ ledgerId, base, content, createdAt }: RecoveryStatement): Uint8Array {
  const nodes = content.nodes.map(({ publicKey, member, role, address }): CanonicalValue => {
    return [publicKey, member, role, address ?? null];
  });
  const { height, term, hash } = base;
  return encodeCanonical([statementVersion, ledgerId, height, term, hash, content.generation, nodes, createdAt]);
}

/** Canonical bytes `[version, statement, [[governance key, signature], …]]`, the keys ascending. */
export function encodeRecovery({ statementBytes, signatures }: SignedRecovery): Uint8Array {
  const entries = [...signatures]
    .sort((left, right) => compareBytes(left.governanceKey, right.governanceKey))
    .map(({ governanceKey, signature }): CanonicalValue => [governanceKey, signature]);
  return encodeCanonical([signedVersion, statementBytes, entries]);
}

/** Strict inverse of {@link encodeRecovery}. Nothing is verified. Throws `recovery-invalid`. */
export function openRecovery(bytes: Uint8Array): SignedRecovery {
  const [version, statement, entries] = list(decodeOrRefuse(bytes), 'the signed statement', 3);
  if (version !== signedVersion) throw invalidRecovery(`version ${String(version)} is not ${signedVersion}`);
  if (!(statement instanceof Uint8Array)) throw invalidRecovery('the statement is not binary');
  const signatures = list(entries, 'the signatures').map((entry): RecoverySignature => {
    const [key, signature] = list(entry, 'a signature', 2);
    return {
      governanceKey: binary(key, 'a governance key', PUBLIC_KEY_BYTES),
      signature: binary(signature, 'a signature', SIGNATURE_BYTES),
    };
  });
  for (const [index, { governanceKey }] of signatures.entries()) {
    const previous = signatures[index - 1];
    if (previous !== undefined && compareBytes(previous.governanceKey, governanceKey) >= 0)
      throw invalidRecovery('the keys of the signatures do not ascend');
  }
  return { statement: openStatement(statement), statementBytes: statement, signatures };
}

/** The bytes that a member signs. */
export function recoveryMessage(statement: RecoveryStatement): Uint8Array {
  return signedMessage('recovery', statement.ledgerId, encodeRecoveryStatement(statement));
}

/** The configuration that the statement founds. */
export function recoveryConfiguration({ generation, nodes }: RecoveryContent): NodeConfiguration {
  return nodeConfiguration(
    generation,
    nodes.map(({ publicKey, role }) => ({ publicKey, role })),
  );
}

/**
 * What is wrong with a statement for this ledger but for the number of its signatures: another ledger, a member that is
 * none, a key of genesis, a signature that does not verify. Answers why not, or undefined.
 */
export function problemOfRecovery(
  { statement, signatures }: SignedRecovery,
  genesis: Genesis,
  verify: VerifySignature,
): string | undefined {
  const { members, nodes } = genesis.content;
  if (!equalBytes(statement.ledgerId, genesis.ledgerId)) return 'it is of another ledger';
  const known = new Set(nodes.map(({ publicKey }) => toHex(publicKey)));
  for (const { publicKey, member } of statement.content.nodes) {
    if (!members.some(({ name }) => name === member)) return `a node belongs to ${member}, which is not a member`;
    if (known.has(toHex(publicKey))) return 'a node key is not new';
  }
  const message = recoveryMessage(statement);
  for (const { governanceKey, signature } of signatures) {
    if (!members.some((member) => equalBytes(member.governanceKey, governanceKey)))
      return 'a signature is of no member of the ledger';
    if (!verify(governanceKey, message, signature)) return 'a signature does not verify';
  }
  return undefined;
}

/** Checks a statement with all its signatures. Throws `recovery-invalid`. */
export function checkRecovery(recovery: SignedRecovery, genesis: Genesis, verify: VerifySignature): void {
  const threshold = approvalThreshold(genesis.content);
  const { length } = recovery.signatures;
  if (length < threshold) throw invalidRecovery(`${length} of the ${threshold} members that it takes have signed it`);
  const problem = problemOfRecovery(recovery, genesis, verify);
  if (problem !== undefined) throw invalidRecovery(problem);
}

export function invalidRecovery(reason: string, cause?: unknown): AssentError {
  return new AssentError('recovery-invalid', `The recovery statement cannot be used: ${reason}.`, {}, { cause });
}

function openStatement(bytes: Uint8Array): RecoveryStatement {
  const value = list(decodeOrRefuse(bytes), 'the statement', 8);
  const [version, ledgerId, height, term, hash, generation, encodedNodes, createdAt] = value;
  if (version !== statementVersion) throw invalidRecovery(`version ${String(version)} is not ${statementVersion}`);
  const nodes = list(encodedNodes, 'the nodes').map(readNode);
  const problem = problemOf(nodes);
  if (problem !== undefined) throw invalidRecovery(problem);
  return {
    ledgerId: binary(ledgerId, 'the ledger id', HASH_BYTES),
    base: {
      // Where no block was ever certified there is nothing to go on from.
      height: count(height, 'the height', 1),
      term: count(term, 'the term', 1),
      hash: binary(hash, 'the hash', HASH_BYTES),
    },
    content: { generation: count(generation, 'the generation', 1), nodes },
    createdAt: count(createdAt, 'the time', 0),
  };
}

function readNode(value: CanonicalValue): RecoveryNode {
  const [key, member, role, address] = list(value, 'a node', nodeFieldCount);
  if (typeof member !== 'string') throw invalidRecovery('the member of a node is not a name');
  if (role !== 'voter' && role !== 'learner') throw invalidRecovery('a node is a voter or a learner');
  const publicKey = binary(key, 'a node key', PUBLIC_KEY_BYTES);
  if (address === null) return { publicKey, member, role };
  if (typeof address !== 'string' || !isAddress(address)) throw invalidRecovery('an address is not host:port');
  return { publicKey, member, role, address };
}

function isAddress(text: string): boolean {
  const port = Number(text.slice(text.lastIndexOf(':') + 1));
  return text.length <= addressCharactersMax && addressPattern.test(text) && port <= 65_535;
}

function decodeOrRefuse(bytes: Uint8Array): CanonicalValue {
  try {
    return decodeCanonical(bytes, recoveryLimits);
  } catch (error) {
    throw invalidRecovery(messageOf(error), error);
  }
}

function list(value: CanonicalValue | undefined, what: string, length?: number): readonly CanonicalValue[] {
  if (!Array.isArray(value)) throw invalidRecovery(`${what} is not a list`);
  if (length !== undefined && value.length !== length) throw invalidRecovery(`${what} does not have ${length} fields`);
  return value as readonly CanonicalValue[];
}

function binary(value: CanonicalValue | undefined, what: string, length: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length !== length)
    throw invalidRecovery(`${what} is not ${length} bytes`);
  return value;
}

function count(value: CanonicalValue | undefined, what: string, min: number): number {
  if (typeof value !== 'number' || value < min) throw invalidRecovery(`${what} is not a count from ${min}`);
  return value;
}
