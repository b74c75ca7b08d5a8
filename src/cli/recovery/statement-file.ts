import { renameSync, writeFileSync } from 'node:fs';
import { AssentError, equalBytes, fromHex, toHex } from '../../base/index.ts';
import { encodeNodeId } from '../../crypto/index.ts';
import {
  approvalThreshold,
  encodeRecovery,
  type Genesis,
  openRecovery,
  type SignedRecovery,
} from '../../ledger/index.ts';
import type { Style } from '../output/style.ts';
import { facts } from '../output/table.ts';
import { timeText } from '../output/words.ts';
import { readText } from './places.ts';

/** Reads a statement: one line of hexadecimal. Throws `input-invalid`, `recovery-invalid`. */
export function readStatement(file: string): SignedRecovery {
  const bytes = fromHex(readText(file).trim());
  if (bytes === undefined || bytes.length === 0)
    throw new AssentError('input-invalid', `${file} is no recovery statement: it is not one line of hexadecimal.`);
  return openRecovery(bytes);
}

/** Replaces the file as a whole. */
export function writeStatement(file: string, recovery: SignedRecovery): void {
  writeFileSync(`${file}.new`, `${toHex(encodeRecovery(recovery))}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** A statement in JSON form. */
export interface StatementView {
  readonly ledgerId: string;
  readonly base: { readonly height: number; readonly term: number; readonly hash: string };
  readonly generation: number;
  readonly nodes: readonly { readonly nodeId: string; readonly member: string; readonly role: string }[];
  readonly createdAt: number;
  /** Members whose signatures are there. */
  readonly signedBy: readonly string[];
  readonly signaturesNeeded: number;
}

export function statementView({ statement, signatures }: SignedRecovery, genesis: Genesis): StatementView {
  const { ledgerId, base, content, createdAt } = statement;
  const { members } = genesis.content;
  const nameOf = (key: Uint8Array): string =>
    members.find(({ governanceKey }) => equalBytes(governanceKey, key))?.name ?? 'a stranger';
  return {
    ledgerId: toHex(ledgerId),
    base: { height: base.height, term: base.term, hash: toHex(base.hash) },
    generation: content.generation,
    nodes: content.nodes.map(({ publicKey, ...node }) => ({ nodeId: encodeNodeId(publicKey), ...node })),
    createdAt,
    signedBy: signatures.map(({ governanceKey }) => nameOf(governanceKey)),
    signaturesNeeded: approvalThreshold(genesis.content),
  };
}

/** What a statement says, in plain words. */
export function statementText(style: Style, view: StatementView): string {
  const { base, generation, nodes, signedBy, signaturesNeeded } = view;
  return facts(style, [
    ['ledger', view.ledgerId],
    ['goes on from', `block ${base.height} of term ${base.term}, ${base.hash}`],
    ['gives up', `every block above ${base.height}, whoever has one, and the keys of every former node`],
    ['generation', `${generation}`],
    ...nodes.map(({ nodeId, member, role }): [string, string] => [role, `${nodeId} of ${member}`]),
    ['drafted', timeText(view.createdAt)],
    ['signed by', `${signedBy.join(', ') || 'nobody'}; it takes ${signaturesNeeded}`],
  ]);
}
