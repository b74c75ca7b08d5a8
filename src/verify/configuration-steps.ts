import { AssentError, equalBytes, messageOf } from '../base/index.ts';
import {
  type BlockCertificate,
  type Configuration,
  type ConfigurationStep,
  decodeBlockCertificate,
  decodeJustification,
  type Justification,
  stepBetween,
  verifyBlockCertificate,
} from '../consensus/portable.ts';
import { type NodeId, sha256, type VerifySignature, verifySignaturePortable } from '../crypto/portable.ts';
import { type BlockHeader, decodeHeader, openConfiguration } from '../ledger/portable.ts';
import { consensusForm } from './configuration-form.ts';
import { type ConfigurationHistory, type HistoryStep, invalidHistory } from './configuration-history.ts';
import type { OpenRecovery } from './recovery.ts';

/** A configuration that the verifier trusts: that of genesis, or one that a history proved before. */
export interface KnownConfiguration {
  /** 32 bytes. */
  readonly ledgerId: Uint8Array;
  /** Height of the block that brought it; 0 for that of genesis. */
  readonly height: number;
  readonly configuration: Configuration;
  /** Without it no recovery is believed: it takes the members' keys, which genesis has. */
  readonly openRecovery?: OpenRecovery;
}

/** A change of the configuration that is proved: one step, or a recovery, which is none. */
export type ProvedConfiguration = ProvedPlace &
  (ConfigurationStep | { readonly step?: never; readonly nodeId?: never });

/** It is certified under the configuration that it brought. */
interface ProvedPlace {
  readonly height: number;
  readonly term: number;
  readonly blockHash: Uint8Array;
  /** Time of its block, in milliseconds since the Unix epoch. */
  readonly timestamp: number;
  readonly configuration: Configuration;
}

/** Bytes of the configuration that a step brings. Throws `history-invalid`. */
export function configurationIn(step: HistoryStep): Uint8Array {
  const { height } = readAs('a header', () => decodeHeader(step.header));
  const { configuration } = readJustification(step.justification, height);
  if (configuration === undefined) throw invalidHistory('the block changes no configuration', height);
  return configuration.bytes;
}

interface Place {
  readonly height: number;
  readonly term: number;
  readonly configuration: Configuration;
}

/**
 * Follows the changes from a known configuration (protocol.md §5, "Configurations"; scenario 58). Each is one step from
 * the one before, cites a certificate of its own term, under the configuration before and at or above the change before,
 * and is certified under its own. A history that leaves a change out cites a certificate under a configuration that does
 * not come before it. A recovery cites what enough members signed instead, and stands on the very block that they named.
 * That it is the newest there is, nothing can prove.
 *
 * Throws `history-invalid` with the height of the change that is wrong.
 */
export function verifyHistory(
  history: ConfigurationHistory,
  known: KnownConfiguration,
  verify: VerifySignature = verifySignaturePortable,
): readonly ProvedConfiguration[] {
  const { ledgerId } = known;
  if (!equalBytes(history.ledgerId, ledgerId)) throw invalidHistory('it is of another ledger');
  if (history.knownHeight !== known.height || !equalBytes(history.knownHash, known.configuration.hash))
    throw invalidHistory('it does not go on from the configuration that is known');
  const proved: ProvedConfiguration[] = [];
  const removed = new Set<NodeId>();
  let before: Place = { height: known.height, term: 0, configuration: known.configuration };
  for (const step of history.steps) {
    const next = verifyStep(step, before, known, verify);
    const { nodes } = next.configuration;
    if (nodes.some(({ id }) => removed.has(id))) throw invalidHistory('a removed key comes back', next.height);
    for (const { id } of before.configuration.nodes) if (!nodes.some((node) => node.id === id)) removed.add(id);
    proved.push(next);
    before = next;
  }
  return proved;
}

function verifyStep(
  step: HistoryStep,
  before: Place,
  { ledgerId, openRecovery }: KnownConfiguration,
  verify: VerifySignature,
): ProvedConfiguration {
  const header = readAs('a header', () => decodeHeader(step.header));
  const { height, term, timestamp } = header;
  const needs = (condition: boolean, otherwise: string): void => {
    if (!condition) throw invalidHistory(otherwise, height);
  };
  needs(equalBytes(header.ledgerId, ledgerId), 'a header is of another ledger');
  needs(height > before.height && term >= before.term, 'the changes do not ascend');
  needs(equalBytes(sha256(step.justification), header.justificationHash), "the justification is not the header's");
  const justification = readJustification(step.justification, height);
  const { configuration } = justification;
  if (configuration === undefined) throw invalidHistory('the block changes no configuration', height);
  needs(
    equalBytes(configuration.hash, header.configurationHash),
    'the configuration is not the one that the header names',
  );
  const change = justification.recovery === undefined ? singleStep() : undefined;
  if (justification.recovery !== undefined) checkFounded(justification.recovery, configuration);
  const last = followLinks(step, header, ledgerId);
  const certificate = readAs('a certificate', () => decodeBlockCertificate(step.certificate), height);
  needs(isOf(certificate, last), 'the certificate is not that of the last block');
  needs(
    verifyBlockCertificate(certificate, configuration, ledgerId, verify),
    'no majority of the new configuration certified it',
  );
  return { ...change, height, term, blockHash: sha256(step.header), timestamp, configuration };

  function singleStep(): ConfigurationStep {
    const { block: cited, configuration: after } = justification;
    const single = after && stepBetween(before.configuration, after);
    if (single === undefined) throw invalidHistory('more or less than one node changes in one step', height);
    if (cited === undefined) throw invalidHistory('it cites no certificate', height);
    needs(cited.ack.term === term, 'it cites a certificate of another term');
    needs(
      cited.ack.height >= before.height && cited.ack.height < height,
      'it cites no certificate between it and the change before',
    );
    needs(
      verifyBlockCertificate(cited, before.configuration, ledgerId, verify),
      'it cites no certificate of the configuration before',
    );
    return single;
  }

  function checkFounded(statement: Uint8Array, founded: Configuration): void {
    const recovery = openRecovery?.(statement);
    if (recovery === undefined) throw invalidHistory('the recovery that it carries does not hold', height);
    const { base } = recovery;
    needs(
      base.height === height - 1 && equalBytes(base.hash, header.parentHash) && base.term < term,
      'it does not stand on the base of the recovery',
    );
    needs(equalBytes(recovery.configuration.hash, founded.hash), 'the recovery names another configuration');
    const { generation, nodes } = before.configuration;
    needs(founded.generation === generation + 1, 'the recovery is not of the next generation');
    needs(!founded.nodes.some(({ id }) => nodes.some((node) => node.id === id)), 'a key comes back by a recovery');
  }
}

/** A block that stands on the change, and the hash of its header. */
interface Linked extends BlockHeader {
  readonly hash: Uint8Array;
}

/** Climbs to the last linked header: each names the one below as its parent, and no further change is between. */
function followLinks(step: HistoryStep, change: BlockHeader, ledgerId: Uint8Array): Linked {
  let below: Linked = { ...change, hash: sha256(step.header) };
  for (const bytes of step.links) {
    const header = readAs('a header', () => decodeHeader(bytes), change.height);
    if (
      !equalBytes(header.ledgerId, ledgerId) ||
      header.height !== below.height + 1 ||
      header.term < below.term ||
      !equalBytes(header.parentHash, below.hash)
    )
      throw invalidHistory('the headers above it are not linked', change.height);
    if (!equalBytes(header.configurationHash, change.configurationHash))
      throw invalidHistory('another change stands below its certificate', change.height);
    below = { ...header, hash: sha256(bytes) };
  }
  return below;
}

/** Acks count for a block of their own term only. */
function isOf({ ack }: BlockCertificate, block: Linked): boolean {
  return ack.term === block.term && ack.height === block.height && equalBytes(ack.blockHash, block.hash);
}

function readJustification(bytes: Uint8Array, height: number): Justification {
  const open = (configuration: Uint8Array): Configuration => consensusForm(openConfiguration(configuration));
  return readAs('a justification', () => decodeJustification(bytes, open), height);
}

function readAs<T>(what: string, read: () => T, height?: number): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof AssentError)) throw error;
    throw invalidHistory(`${what} cannot be read: ${messageOf(error)}`, height, error);
  }
}
