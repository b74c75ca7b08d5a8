import { AssentError, type Logger } from '../../base/index.ts';
import type { NodeId, VerifySignature } from '../../crypto/index.ts';
import type { Ledger, SnapshotSource } from '../../ledger/index.ts';
import { appended, type Journal, type Store } from '../../storage/index.ts';
import type { Replica } from '../replica/index.ts';
import { SnapshotFetcher, type SnapshotProgress } from './fetcher.ts';
import { decodeSnapshotMessage } from './messages.ts';
import { type HistoryFromGenesis, proofsOf } from './proofs.ts';
import { SnapshotServer } from './server.ts';

export interface SnapshotsOptions {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly journal: Journal;
  readonly replica: Pick<Replica, 'status' | 'setInstalling' | 'install' | 'nodeId'>;
  readonly historyFromGenesis: HistoryFromGenesis;
  readonly verify: VerifySignature;
  readonly logger: Logger;
  /** Milliseconds, of a clock that never goes back. */
  readonly nowMs: () => number;
  /** Connected peers. */
  readonly peers: () => readonly NodeId[];
  readonly send: (to: NodeId, frame: Uint8Array) => void;
  readonly blame: (from: NodeId, error: AssentError) => void;
  readonly onFault: (error: Error) => void;
  readonly electionTicks: number;
  readonly snapshotLagBlocks: number;
}

/** What the node has given out and taken in since it started. */
export interface SnapshotCounts {
  readonly opened: number;
  readonly bytesSent: number;
  readonly installed: number;
  readonly chunks: number;
}

/** Snapshots between nodes, on the bulk channel: pulled by the one that lags, so that none is pushed aside by them. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  readonly #server: SnapshotServer;
  readonly #fetcher: SnapshotFetcher;

  constructor(options: SnapshotsOptions) {
    this.#options = options;
    const { ledger, store, journal, historyFromGenesis } = options;
    this.#server = new SnapshotServer({
      ...options,
      proofsOf: (block) => proofsOf(store, block, historyFromGenesis),
      appliedHeight: () => ledger.applied.height,
    });
    this.#fetcher = new SnapshotFetcher({
      ...options,
      write: (operations) => appended(journal, operations),
    });
  }

  /** Finds what an earlier run has staged. Throws `storage-damaged`. */
  open(): Promise<void> {
    return this.#fetcher.open();
  }

  /** See {@link SnapshotServer.lend}. */
  lend<T>(use: (source: SnapshotSource) => Promise<T>): Promise<T | undefined> {
    return this.#server.lend(use);
  }

  /** The snapshot that is being taken in. */
  get progress(): SnapshotProgress | undefined {
    return this.#fetcher.progress;
  }

  get counts(): SnapshotCounts {
    return { ...this.#server.counts, ...this.#fetcher.counts };
  }

  /** A frame of the bulk channel. */
  receive(from: NodeId, frame: Uint8Array): void {
    try {
      const message = decodeSnapshotMessage(frame);
      if (message.type === 'request') this.#server.receive(from, message);
      else this.#fetcher.receive(from, message);
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      this.#options.blame(from, error);
    }
  }

  /** One tick of the driver's clock, after the replica's. */
  tick(): void {
    this.#server.tick();
    this.#orFail(() => this.#fetcher.tick());
  }

  /** The replica has heard something: perhaps that it is far behind. Cheap but for a node without a chain. */
  heard(): void {
    if (this.#options.ledger.applied.height === 0) this.#orFail(() => this.#fetcher.look());
  }

  /** To look at how far the node is can cost a read of the disk, and that may fail. */
  #orFail(look: () => void): void {
    try {
      look();
    } catch (error) {
      this.#options.onFault(error as Error);
    }
  }

  async stop(): Promise<void> {
    this.#fetcher.stop();
    await this.#server.stop();
  }
}
