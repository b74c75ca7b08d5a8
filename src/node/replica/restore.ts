import { AssentError, equalBytes } from '../../base/index.ts';
import {
  decodeBlockCertificate,
  decodeTermCertificate,
  type HardState,
  type PeerPromise,
  type RestoredState,
} from '../../consensus/index.ts';
import type { NodeId, VerifySignature } from '../../crypto/index.ts';
import {
  decodeTransactions,
  type Ledger,
  type OpenedBlock,
  readBlock,
  VerifiedBlock,
  VerifiedTransaction,
} from '../../ledger/index.ts';
import type { Mark, Store } from '../../storage/index.ts';
import type { BlockBodies } from './block-bodies.ts';
import type { ConfigurationRecords } from './configuration-records.ts';
import {
  decodeHardState,
  decodePromise,
  hardStateKey,
  highestCertificateKey,
  highestTermKey,
  ownBytes,
  promiseKey,
  readRecord,
} from './records.ts';
import { recoveryContent } from './recovery-record.ts';

/** A node's empty promise: what a new data directory holds. */
const nothingPromised: HardState = { term: 0 };

/**
 * Reads what the core needs to go on, and executes the blocks above the applied one again, so that every durable block
 * has its overlay. Throws `storage-damaged` where the chain does not hold together.
 */
export function restore(options: {
  readonly store: Store;
  /** What was promised, where the database lost its end. */
  readonly mark: Mark | undefined;
  readonly ledger: Ledger;
  readonly bodies: BlockBodies;
  readonly verify: VerifySignature;
  readonly configurations: ConfigurationRecords;
  readonly peers: readonly NodeId[];
}): RestoredState {
  const { store, mark } = options;
  const certificate = readRecord(store, highestCertificateKey, decodeBlockCertificate);
  const termCertificate = readRecord(store, highestTermKey, decodeTermCertificate);
  return {
    hardState: restoreHardState(store, mark),
    tip: restoreTail(options),
    committedHeight: options.ledger.applied.height,
    changes: options.configurations.changes,
    baseHeight: options.ledger.firstBlockHeight,
    ...(certificate === undefined ? {} : { certificate }),
    ...(termCertificate === undefined ? {} : { termCertificate }),
    peerPromises: options.peers.flatMap((peer): readonly PeerPromise[] => {
      const promise = readRecord(store, promiseKey(peer), decodePromise);
      return promise === undefined ? [] : [promise];
    }),
  };
}

/** The mark counts where the database lost its end: it says what was promised. */
function restoreHardState(store: Store, mark: Mark | undefined): HardState {
  if (mark !== undefined) return ownBytes('the mark file', () => decodeHardState(mark.bytes));
  return readRecord(store, hardStateKey, decodeHardState) ?? nothingPromised;
}

function restoreTail({ store, ledger, bodies, verify }: Parameters<typeof restore>[0]): RestoredState['tip'] {
  const { applied } = ledger;
  let tip: RestoredState['tip'] = { term: applied.term, height: applied.height, hash: applied.hash };
  if (tip.height > 0 && !equalBytes(readBlock(store, tip.height)?.hash ?? new Uint8Array(), tip.hash)) {
    throw damaged(tip.height, 'whose effects are applied, is missing or another');
  }
  for (let opened = readBlock(store, tip.height + 1); opened !== undefined; opened = readBlock(store, tip.height + 1)) {
    const { height, term, parentHash } = opened.header;
    if (height !== tip.height + 1 || !equalBytes(parentHash, tip.hash)) {
      throw damaged(tip.height + 1, 'does not follow its parent');
    }
    const stored = opened;
    const { justification } = ownBytes(`the stored block ${height}`, () => bodies.receive(stored));
    const recovery = recoveryContent(justification);
    const enactsChange = recovery === undefined && justification.configuration !== undefined;
    const verdict = ledger.execute(verifyAgain(opened, ledger, verify), enactsChange, recovery);
    if (!verdict.ok && verdict.reason === 'rule-set-missing') ledger.demandRulesAfter(parentHash);
    if (!verdict.ok) throw damaged(height, `no longer executes: ${verdict.reason}`);
    tip = { term, height, hash: opened.hash };
  }
  return tip;
}

function verifyAgain(opened: OpenedBlock, ledger: Ledger, verify: VerifySignature): VerifiedBlock {
  return ownBytes(`the stored block ${opened.header.height}`, () => {
    const block = decodeTransactions(opened);
    const transactions = block.transactions.map((transaction) =>
      VerifiedTransaction.toBeChecked(transaction, ledger.ledgerId, verify),
    );
    return new VerifiedBlock(block, transactions);
  });
}

function damaged(height: number, what: string): AssentError {
  return new AssentError('storage-damaged', `the stored block ${height} ${what}`, { height });
}
