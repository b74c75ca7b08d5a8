import { AssentError, equalBytes, messageOf, present, toHex } from '../../base/index.ts';
import {
  type Configuration,
  decodeBlockCertificate,
  decodeTermCertificate,
  encodeTermCertificate,
  verifyBlockCertificate,
  verifyTermCertificate,
} from '../../consensus/index.ts';
import { encodeNodeId, type VerifySignature } from '../../crypto/index.ts';
import {
  checkHeaderSignature,
  decodeCanonical,
  decodeHeader,
  encodeCanonical,
  type Genesis,
  type SnapshotManifest,
  type SnapshotProofs,
} from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import {
  type ConfigurationHistory,
  decodeHistory,
  encodeHistory,
  recoveriesOf,
  verifyHistory,
} from '../../verify/index.ts';
import { certificateKey, consensusConfiguration, type ProvedSnapshot, termCertificateOf } from '../replica/index.ts';

const proofVersion = 1;
const proofLimits = { bytesMax: 262_144, depthMax: 1, countMax: 4 };

/** The whole history of configurations, as far as it is proved here. */
export type HistoryFromGenesis = () => ConfigurationHistory | undefined;

/**
 * What consensus knows of a block: canonical bytes `[version, certificate, term certificate]`, and the history of
 * configurations. Undefined for a block that no certificate names, only one of a later block; soon there is another.
 */
export function proofsOf(
  store: Store,
  block: { readonly height: number; readonly hash: Uint8Array },
  historyFromGenesis: HistoryFromGenesis,
): SnapshotProofs | undefined {
  const certificateBytes = store.get(certificateKey(block.height));
  if (certificateBytes === undefined) return undefined;
  const { ack } = decodeBlockCertificate(certificateBytes);
  if (!equalBytes(ack.blockHash, block.hash)) return undefined;
  const termCertificate = termCertificateOf(store, ack.term);
  const configurations = historyUpTo(block.height, ack.configurationHash, historyFromGenesis());
  if (termCertificate === undefined || configurations === undefined) return undefined;
  const certificate = encodeCanonical([proofVersion, certificateBytes, encodeTermCertificate(termCertificate)]);
  return { certificate, configurations };
}

/** Undefined while the change that brought the block's configuration is not proved. */
function historyUpTo(
  height: number,
  configurationHash: Uint8Array,
  history: ConfigurationHistory | undefined,
): Uint8Array | undefined {
  if (history === undefined) return undefined;
  const headers = history.steps.map((step) => decodeHeader(step.header));
  const count = headers.filter((header) => header.height <= height).length;
  const last = headers[count - 1]?.configurationHash ?? history.knownHash;
  if (!equalBytes(last, configurationHash)) return undefined;
  return encodeHistory({ ...history, steps: history.steps.slice(0, count) });
}

/**
 * Verifies what a manifest says of its block, from the genesis on: the history of configurations, the certificate of the
 * block's term, the header's signature by that term's leader, and the block's certificate, under the configuration that
 * is in force there. Throws `snapshot-invalid`.
 */
export function verifyProofs(manifest: SnapshotManifest, genesis: Genesis, verify: VerifySignature): ProvedSnapshot {
  const { block } = manifest;
  const { ledgerId } = genesis;
  const { height, term, proposer, configurationHash } = block.header;
  return read(() => {
    checkHeaderSignature(block, ledgerId, verify);
    const first = consensusConfiguration(genesis.configuration);
    const openRecovery = recoveriesOf(genesis, verify);
    const history = decodeHistory(manifest.configurations);
    const proved = verifyHistory(history, { ledgerId, height: 0, configuration: first, openRecovery }, verify);
    const changes = proved.map((change, index) => ({
      height: change.height,
      configuration: change.configuration,
      step: present(history.steps[index], 'each change is proved by a step'),
    }));
    const last = changes.at(-1) ?? { height: 0, configuration: first };
    needs(last.height <= height, 'the history goes on above the block');
    needs(equalBytes(last.configuration.hash, configurationHash), "the history does not end with the block's");
    const known = new Map<string, Configuration>([[toHex(first.hash), first]]);
    for (const { configuration } of changes) known.set(toHex(configuration.hash), configuration);

    const [version, certificateBytes, termBytes, ...rest] = list(manifest.certificate);
    needs(version === proofVersion && rest.length === 0, 'the certificates have another shape');
    const certificate = decodeBlockCertificate(binary(certificateBytes));
    const termCertificate = decodeTermCertificate(binary(termBytes));
    const { ack } = certificate;
    const { request } = termCertificate;
    needs(request.term === term && request.candidate === encodeNodeId(proposer), 'another led the term of the block');
    const electing = known.get(toHex(request.configurationHash));
    needs(
      electing !== undefined && verifyTermCertificate(termCertificate, electing, ledgerId, verify),
      'the certificate of the term does not verify',
    );
    needs(
      ack.term === term && ack.height === height && equalBytes(ack.blockHash, block.hash),
      "the certificate is not the block's",
    );
    needs(verifyBlockCertificate(certificate, last.configuration, ledgerId, verify), 'the certificate does not verify');
    return {
      tip: { term, height, hash: block.hash },
      certificate,
      termCertificate,
      changes,
    };
  });
}

function list(bytes: Uint8Array): readonly unknown[] {
  const value = decodeCanonical(bytes, proofLimits);
  if (!Array.isArray(value)) throw invalid('the certificates have another shape');
  return value;
}

function binary(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw invalid('a certificate has another shape');
  return value;
}

function needs(condition: boolean, otherwise: string): void {
  if (!condition) throw invalid(otherwise);
}

/** Whatever is wrong with the bytes, the manifest is. */
function read<T>(verified: () => T): T {
  try {
    return verified();
  } catch (error) {
    if (!(error instanceof AssentError) || error.code === 'snapshot-invalid') throw error;
    throw invalid(messageOf(error), error);
  }
}

function invalid(reason: string, cause?: unknown): AssentError {
  return new AssentError('snapshot-invalid', `the manifest proves nothing: ${reason}`, {}, { cause });
}
