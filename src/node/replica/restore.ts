import { AssentError, equalBytes, utf8 } from '../../base/index.ts';
import {
  decodeBlockCertificate,
  decodeTermCertificate,
  type HardState,
  type PeerPromise,
  type RestoredState,
} from '../../consensus/index.ts';
import type { NodeId, VerifySignature } from '../../crypto/index.ts';
import { decodeBlock, type Ledger, readBlock, VerifiedBlock, VerifiedTransaction } from '../../ledger/index.ts';
import { type Journal, prefixedKey, type Store } from '../../storage/index.ts';
import type { BlockBodies } from './block-bodies.ts';
import { decodeHardState, decodePromise, hardStateKey, highestCertificateKey, highestTermKey } from './records.ts';

/** A node's empty promise: what a new data directory holds. */
const nothingPromised: HardState = { term: 0 };

export function promiseKey(nodeId: NodeId): Uint8Array {
  return prefixedKey('peerPromise', utf8(nodeId));
}

/**
 * Reads what the core needs to go on, and executes the blocks above the applied one again, so that every durable block
 * has its overlay. Throws `storage-damaged` where the chain does not hold together.
 */
export function restore(options: {
  readonly store: Store;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly bodies: BlockBodies;
  readonly verify: VerifySignature;
  readonly peers: readonly NodeId[];
  readonly fresh: boolean;
}): RestoredState {
  const { store, journal } = options;
  const certificate = read(store, highestCertificateKey, decodeBlockCertificate);
  const termCertificate = read(store, highestTermKey, decodeTermCertificate);
  return {
    hardState: restoreHardState(store, journal),
    tip: restoreTail(options),
    committedHeight: options.ledger.applied.height,
    ...(certificate === undefined ? {} : { certificate }),
    ...(termCertificate === undefined ? {} : { termCertificate }),
    peerPromises: options.peers.flatMap((peer): readonly PeerPromise[] => {
      const promise = read(store, promiseKey(peer), decodePromise);
      return promise === undefined ? [] : [promise];
    }),
    markLost: journal.lost,
    fresh: options.fresh,
  };
}

/** The mark counts where the database lost its end: it says what was promised. */
function restoreHardState(store: Store, journal: Journal): HardState {
  const kept = read(store, hardStateKey, decodeHardState) ?? nothingPromised;
  return journal.lost && journal.mark !== undefined ? decodeHardState(journal.mark.bytes) : kept;
}

function restoreTail({ store, ledger, bodies, verify }: Parameters<typeof restore>[0]): RestoredState['tip'] {
  const { applied } = ledger;
  let tip: RestoredState['tip'] = { term: applied.term, height: applied.height, hash: applied.hash };
  for (;;) {
    const height = tip.height + 1;
    const opened = readBlock(store, height);
    if (opened === undefined) return tip;
    if (opened.header.height !== height || !equalBytes(opened.header.parentHash, tip.hash)) {
      throw new AssentError('storage-damaged', `the stored block ${height} does not follow its parent`, { height });
    }
    bodies.receive(opened);
    const block = decodeBlock(opened.bytes);
    const transactions = block.transactions.map((transaction) => {
      const key = ledger.executor.currentKey(ledger.state, transaction.sender);
      return VerifiedTransaction.verify(transaction, ledger.ledgerId, key, verify);
    });
    const verdict = ledger.execute(new VerifiedBlock(block, transactions));
    if (!verdict.ok)
      throw new AssentError('storage-damaged', `the stored block ${height} no longer executes: ${verdict.reason}`, {
        height,
      });
    tip = { term: block.header.term, height, hash: block.hash };
  }
}

function read<T>(store: Store, key: Uint8Array, decode: (bytes: Uint8Array) => T): T | undefined {
  const bytes = store.get(key);
  if (bytes === undefined) return undefined;
  try {
    return decode(bytes);
  } catch (error) {
    throw new AssentError(
      'storage-damaged',
      'a durable record of the consensus core is not readable',
      {},
      { cause: error },
    );
  }
}
