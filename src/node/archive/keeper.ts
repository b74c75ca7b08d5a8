import { AssentError, type Clock, type Logger, messageOf } from '../../base/index.ts';
import { chunkGroupBlocks, chunkName, type Genesis, type Ledger, readPruned } from '../../ledger/index.ts';
import { appended, archiveError, type Journal, type Operation, type Store } from '../../storage/index.ts';
import type { Replica } from '../replica/index.ts';
import { Archivist } from './archivist.ts';
import type { NodeArchive } from './node-archive.ts';
import { Pruner } from './pruner.ts';
import { type PruneBound, pruneTarget, type Retention } from './retention.ts';
import { Turns } from './turns.ts';

/** Between two looks at whether the chain has grown by a chunk. */
const roundMs = 1000;
/** After something failed: a full disk is not asked at every look. */
const retryMs = 5000;

export interface KeeperOptions {
  readonly archive: NodeArchive;
  readonly ledger: Ledger & { readonly genesis: Genesis };
  readonly database: Store;
  readonly journal: Pick<Journal, 'append'>;
  readonly replica: Pick<Replica, 'raiseBase' | 'history'>;
  /** Undefined: nothing is given up unless somebody asks. */
  readonly retention: Retention | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A bug. */
  readonly onFault: (error: Error) => void;
}

export interface ArchiveStatus {
  readonly directory: string;
  /** The archive has every block from `from` to `through`; both 0 while it is empty. */
  readonly from: number;
  readonly through: number;
  readonly chunks: number;
  /** What keeps it from growing, or a file that is of no use; null where nothing does. */
  readonly problem: { readonly code: string; readonly message: string } | null;
}

/** What became of a request to prune, and what stands in the way of more. */
export interface PruneOutcome {
  readonly prunedThrough: number;
  readonly bound: PruneBound;
}

interface Demand {
  readonly retention: Retention;
  readonly resolve: (outcome: PruneOutcome) => void;
  readonly reject: (error: Error) => void;
}

/** Keeps a node's history in order: what is to be archived is archived, and what may go then goes. In slices, one after another. */
export class HistoryKeeper {
  readonly archive: NodeArchive;
  readonly #options: KeeperOptions;
  readonly #turns: Turns;
  readonly #archivist: Archivist;
  readonly #pruner: Pruner;
  readonly #demands: Demand[] = [];
  #isPrepared = false;
  #problem: AssentError | undefined;
  #running: Promise<void> | undefined;

  constructor(options: KeeperOptions) {
    const { archive, ledger, database, journal, replica, clock, logger } = options;
    this.archive = archive;
    this.#options = options;
    this.#turns = new Turns(clock);
    const write = (operations: readonly Operation[]): Promise<void> => appended(journal, operations);
    const parts = { archive, ledger, database, write, logger, turns: this.#turns };
    this.#archivist = new Archivist(parts);
    this.#pruner = new Pruner({ ...parts, raiseBase: (height) => replica.raiseBase(height) });
  }

  start(): void {
    this.#running = this.#run();
  }

  /** What is being written is finished or left; either is made good at the next start. */
  async stop(): Promise<void> {
    this.#turns.stop();
    await this.#running;
    for (const { reject } of this.#demands.splice(0)) reject(new AssentError('shutting-down', 'The node is stopping.'));
  }

  status(): ArchiveStatus {
    const { records, store } = this.archive;
    const through = records.at(-1)?.last ?? 0;
    let from = through === 0 ? 0 : through + 1;
    for (const { first, last } of records.toReversed()) if (last === from - 1) from = first;
    const problem = this.#problem ?? this.#archivist.rejected;
    return {
      directory: store.place,
      from,
      through,
      chunks: records.length,
      problem: problem === undefined ? null : { code: problem.code, message: problem.message },
    };
  }

  /** Chunks that this process wrote. */
  get written(): number {
    return this.#archivist.written;
  }

  /** Nothing is left of the blocks up to this height. */
  get sweptThrough(): number {
    return readPruned(this.#options.database).sweptThrough;
  }

  /** Files may have come from elsewhere. */
  lookAgain(): void {
    this.#archivist.lookAgain();
    this.#turns.wake();
  }

  /** Gives up as much as may go, by this policy or the node's own. Resolves when readers are turned to the archive; the disk's room follows. */
  prune(retention: Retention = this.#options.retention ?? {}): Promise<PruneOutcome> {
    return new Promise((resolve, reject) => {
      this.#demands.push({ retention, resolve, reject });
      this.#turns.wake();
    });
  }

  async #run(): Promise<void> {
    while (!this.#turns.isStopped) {
      const isWell = await this.#round();
      await this.#rest(isWell ? roundMs : retryMs);
    }
  }

  async #rest(ms: number): Promise<void> {
    try {
      await this.#turns.rest(ms);
    } catch (error) {
      if (!isStopping(error)) throw error;
    }
  }

  async #round(): Promise<boolean> {
    try {
      await this.#work();
      if (this.#problem !== undefined) this.#options.logger.info({}, 'the archive goes on');
      this.#problem = undefined;
      return true;
    } catch (error) {
      if (isStopping(error)) return true;
      this.#failed(error);
      return false;
    }
  }

  async #work(): Promise<void> {
    this.#turns.begin();
    await this.#prepare();
    await this.#archivist.work();
    const { retention } = this.#options;
    if (retention !== undefined) await this.#prune(retention, chunkGroupBlocks);
    for (let demand = this.#demands.shift(); demand !== undefined; demand = this.#demands.shift())
      await this.#prune(demand.retention, 1).then(demand.resolve, demand.reject);
    await this.#pruner.sweep();
  }

  /** A disk that is not mounted leaves an empty folder: nothing is begun anew in it. */
  async #prepare(): Promise<void> {
    const { archive } = this;
    const newest = archive.records.at(-1);
    if (!this.#isPrepared && newest === undefined) await archive.store.prepare();
    this.#isPrepared = true;
    if (newest !== undefined && !(await archive.store.has(chunkName(newest))))
      throw archiveError(new Error(`${chunkName(newest)} is not there`), archive.store.place);
  }

  /** Scanning the past costs the same for many blocks as for few: by policy it is done when there are some. */
  async #prune(retention: Retention, blocksMin: number): Promise<PruneOutcome> {
    const { ledger, archive, replica } = this.#options;
    const { through, bound } = pruneTarget(ledger, archive, replica.history, retention);
    if (through - ledger.firstBlockHeight + 1 >= blocksMin) await this.#pruner.prune(through);
    return { prunedThrough: ledger.prunedThrough, bound };
  }

  #failed(error: unknown): void {
    const { logger, onFault } = this.#options;
    for (const { reject } of this.#demands.splice(0)) reject(error as Error);
    if (!(error instanceof AssentError)) {
      onFault(error as Error);
      return;
    }
    if (error.code !== this.#problem?.code)
      logger.error({ code: error.code, reason: messageOf(error) }, 'the archive does not grow');
    this.#problem = error;
  }
}

function isStopping(error: unknown): boolean {
  return error instanceof AssentError && error.code === 'shutting-down';
}
