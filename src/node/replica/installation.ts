import { AssentError } from '../../base/index.ts';
import {
  type BlockCertificate,
  comparePlaces,
  type HardState,
  PeerPromises,
  type TermCertificate,
  type Tip,
} from '../../consensus/index.ts';
import { deleteBlock, readBlock } from '../../ledger/index.ts';
import type { Operation, Store } from '../../storage/index.ts';
import type { HistoryStep } from '../../verify/index.ts';
import { putHistoryStep } from './configuration-history.ts';
import type { Change, ConfigurationRecords } from './configuration-records.ts';
import { certificateOperations, putPromise, termCertificateOperations } from './persistence.ts';
import { decodeHardState, decodePromise, encodeHardState, hardStateKey, promiseKey, readRecord } from './records.ts';

/** A snapshot that is staged whole, with what its manifest proves. */
export interface ProvedSnapshot {
  /** Its block. */
  readonly tip: Tip;
  readonly certificate: BlockCertificate;
  readonly termCertificate: TermCertificate;
  /** All changes of the configuration up to it, ascending, each with its proof: the blocks that hold it are not here. */
  readonly changes: readonly (Change & { readonly step: HistoryStep })[];
}

/**
 * What consensus writes in the batch that switches to a snapshot, and the mark that goes with it. Nothing may be on its
 * way to the store. Throws `snapshot-invalid` unless the snapshot is above the node's own tip: a tip never decreases
 * (protocol.md §5, "Branches").
 */
export function installationOperations(
  store: Store,
  snapshot: ProvedSnapshot,
  stored: { readonly configurations: ConfigurationRecords; readonly height: number },
): { readonly operations: Operation[]; readonly mark: Uint8Array } {
  const { tip, certificate, termCertificate, changes } = snapshot;
  const own = readBlock(store, stored.height);
  if (own !== undefined && comparePlaces(tip, { term: own.header.term, height: stored.height }) <= 0)
    throw new AssentError('snapshot-invalid', 'the snapshot is not above the chain that this node has', {
      height: tip.height,
    });
  const kept = readRecord(store, hardStateKey, decodeHardState) ?? { term: 0 };
  const mark = encodeHardState(atTerm(kept, tip.term));
  const operations: Operation[] = [
    ...certificateOperations(certificate),
    ...termCertificateOperations(termCertificate),
    ...stored.configurations.replacement(changes),
    ...changes.map(({ height, step }) => putHistoryStep(height, step)),
    ...promiseOperations(store, snapshot),
    { type: 'put', key: hardStateKey, value: mark },
  ];
  // Its term is higher than theirs: none of them stands on the snapshot's block.
  for (let height = stored.height; height > tip.height; height--) operations.push(deleteBlock(height));
  return { operations, mark };
}

/** Whoever signed what the snapshot stands on promised it: a key that loses its memory is told so from here on. */
function promiseOperations(store: Store, { certificate, termCertificate }: ProvedSnapshot): Operation[] {
  const signers = new Set([...certificate.signatures, ...termCertificate.votes].map(({ signer }) => signer));
  const held = [...signers].flatMap((signer) => readRecord(store, promiseKey(signer), decodePromise) ?? []);
  const promises = new PeerPromises(held);
  for (const { signer, signature } of certificate.signatures)
    promises.noteAck(signer, { statement: certificate.ack, signature });
  for (const { signer, signature } of termCertificate.votes)
    promises.noteVote(signer, { statement: termCertificate.request, signature });
  return promises.takeUnsaved().map(putPromise);
}

/** No block reaches the disk before the term it is of. What was asked for and given in a lower term is settled. */
function atTerm(kept: HardState, term: number): HardState {
  if (term <= kept.term) return kept;
  return { term, ...(kept.ack && { ack: kept.ack }) };
}
