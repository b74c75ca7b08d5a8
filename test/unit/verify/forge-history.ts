import { utf8 } from '../../../src/base/index.ts';
import { encodeBlockCertificate } from '../../../src/consensus/certificate-codec.ts';
import {
  type AckStatement,
  ackMessage,
  type BlockCertificate,
  type Configuration,
  encodeJustification,
  type Justification,
} from '../../../src/consensus/index.ts';
import { createSigner, encodeNodeId, type Signer, sha256 } from '../../../src/crypto/index.ts';
import {
  type BlockHeader,
  createGenesis,
  encodeHeader,
  type Genesis,
  nodeConfiguration,
} from '../../../src/ledger/index.ts';
import type { ConfigurationHistory, HistoryStep, KnownConfiguration } from '../../../src/verify/index.ts';
import { consensusForm } from './forge-evidence.ts';

export const signers: readonly Signer[] = [1, 2, 3, 4, 5, 6].map((number) =>
  createSigner(new Uint8Array(32).fill(number)),
);

/** Voters and learners by their number, from 1. */
export function configurationOf(
  voters: readonly number[],
  learners: readonly number[] = [],
  generation = 0,
): Configuration {
  const nodes = [
    ...voters.map((number) => ({ publicKey: signerAt(number).publicKey, role: 'voter' as const })),
    ...learners.map((number) => ({ publicKey: signerAt(number).publicKey, role: 'learner' as const })),
  ];
  return consensusForm(nodeConfiguration(generation, nodes));
}

function signerAt(number: number): Signer {
  return signers[number - 1] as Signer;
}

export const ledgerGenesis: Genesis = createGenesis({
  ledgerName: 'a-ledger-that-grows',
  createdAt: 1_000_000,
  members: [{ name: 'north', governanceKey: signerAt(6).publicKey }],
  nodes: [1, 2, 3].map((number) => ({ publicKey: signerAt(number).publicKey, member: 'north', role: 'voter' })),
  domains: [],
  parameters: [],
  ruleSet: 'rules/1',
});
export const ledgerId: Uint8Array = ledgerGenesis.ledgerId;
export const genesis: Configuration = configurationOf([1, 2, 3]);
export const known: KnownConfiguration = { ledgerId, height: 0, configuration: genesis };

export interface Block {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
  readonly height: number;
  readonly term: number;
  readonly configuration: Configuration;
}

/** A block on another, its header changed as a test wants it. */
export function blockOn(
  parent: Pick<Block, 'hash' | 'height' | 'term' | 'configuration'>,
  justification: Justification = {},
  changes: Partial<BlockHeader> = {},
): Block {
  const configuration = justification.configuration ?? parent.configuration;
  const fields: BlockHeader = {
    ledgerId,
    height: parent.height + 1,
    term: parent.term,
    parentHash: parent.hash,
    timestamp: 1_000_000 + parent.height,
    proposer: signerAt(1).publicKey,
    transactionsRoot: sha256(utf8('transactions')),
    transactionCount: 0,
    resultsRoot: sha256(utf8('results')),
    stateRoot: sha256(utf8('state')),
    historyRoot: sha256(utf8('history')),
    configurationHash: configuration.hash,
    justificationHash: sha256(encodeJustification(justification)),
    ...changes,
  };
  const bytes = encodeHeader(fields);
  return { bytes, hash: sha256(bytes), height: fields.height, term: fields.term, configuration };
}

/** A certificate by the nodes of these numbers. */
export function certificateOf(
  { term, height, hash, configuration }: Omit<Block, 'bytes'>,
  by: readonly number[],
  changes: Partial<AckStatement> = {},
  ledger: Uint8Array = ledgerId,
): BlockCertificate {
  const ack: AckStatement = { term, height, blockHash: hash, configurationHash: configuration.hash, ...changes };
  const signatures = by
    .map(signerAt)
    .sort((left, right) => Buffer.compare(left.publicKey, right.publicKey))
    .map((signer) => ({ signer: encodeNodeId(signer.publicKey), signature: signer.sign(ackMessage(ledger, ack)) }));
  return { ack, signatures };
}

export interface Change {
  readonly block: Block;
  readonly justification: Justification;
  readonly links: readonly Block[];
  readonly certificate: BlockCertificate;
}

/** One change of a forged chain, and what a test changes in it. */
export interface ChangePlan {
  readonly configuration: Configuration;
  /** Who certifies the block below the change, and who the change. */
  readonly citedBy: readonly number[];
  readonly certifiedBy: readonly number[];
  readonly term?: number;
  readonly links?: number;
}

/** A chain with these changes from genesis on; below each stands one block of its term, which it cites. */
export function forgeChain(plans: readonly ChangePlan[]): Change[] {
  let tip: Block = { bytes: new Uint8Array(), hash: ledgerId, height: 0, term: 1, configuration: genesis };
  return plans.map(({ configuration, citedBy, certifiedBy, term = tip.term, links = 0 }) => {
    const below = blockOn(tip, {}, { term });
    const justification = { block: certificateOf(below, citedBy), configuration };
    const block = blockOn(below, justification);
    const linked: Block[] = [];
    for (let last = block; linked.length < links; linked.push(last)) last = blockOn(last);
    tip = linked.at(-1) ?? block;
    return { block, justification, links: linked, certificate: certificateOf(tip, certifiedBy) };
  });
}

export function stepOf({ block, justification, links, certificate }: Change): HistoryStep {
  return {
    header: block.bytes,
    justification: encodeJustification(justification),
    links: links.map(({ bytes }) => bytes),
    certificate: encodeBlockCertificate(certificate),
  };
}

export function historyOf(
  changes: readonly Change[],
  from: { readonly height: number; readonly configuration: Configuration } = known,
): ConfigurationHistory {
  return { ledgerId, knownHeight: from.height, knownHash: from.configuration.hash, steps: changes.map(stepOf) };
}

/** From three voters to five, one step a block. */
export const growth: readonly ChangePlan[] = [
  { configuration: configurationOf([1, 2, 3], [4]), citedBy: [1, 2], certifiedBy: [1, 3], links: 1 },
  { configuration: configurationOf([1, 2, 3, 4]), citedBy: [1, 2], certifiedBy: [1, 2, 4] },
  { configuration: configurationOf([1, 2, 3, 4], [5]), citedBy: [1, 2, 4], certifiedBy: [1, 3, 4], term: 3, links: 3 },
  { configuration: configurationOf([1, 2, 3, 4, 5]), citedBy: [2, 3, 4], certifiedBy: [3, 4, 5] },
];
