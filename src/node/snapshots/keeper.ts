import { AssentError, type Clock, type Logger, messageOf } from '../../base/index.ts';
import type { Ledger, SnapshotSource } from '../../ledger/index.ts';
import type { ArchiveStore } from '../../storage/index.ts';
import { Turns } from '../archive/turns.ts';
import { heightOfName, snapshotName, writeSnapshot } from './snapshot-file.ts';

/** Between two looks at whether another snapshot is due, and after something failed. */
const roundMs = 1000;
const retryMs = 5000;
/** How long somebody who asks waits for a block that a certificate names. */
const certificateTriesMax = 50;
const certificateTryMs = 100;

export interface SnapshotSchedule {
  /** After so many blocks another one is written; absent: only when somebody asks. */
  readonly everyBlocks?: number | undefined;
  /** Or after so many bytes of blocks. */
  readonly everyBytes?: number | undefined;
  /** So many of the newest stay. */
  readonly keep: number;
}

export interface SnapshotKeeperOptions {
  readonly place: ArchiveStore;
  readonly schedule: SnapshotSchedule;
  readonly ledger: Pick<Ledger, 'applied'>;
  /** Runs with the source that peers are given chunks of, too; undefined while no certificate names the newest block. */
  readonly withSource: <T>(use: (source: SnapshotSource) => Promise<T>) => Promise<T | undefined>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onFault: (error: Error) => void;
}

/** A snapshot in a file. */
export interface SnapshotFile {
  readonly name: string;
  readonly height: number;
}

/** Writes snapshots into files, on schedule and when somebody asks, one at a time, in slices. */
export class SnapshotKeeper {
  readonly #options: SnapshotKeeperOptions;
  readonly #turns: Turns;
  readonly #asked: { readonly resolve: (file: SnapshotFile) => void; readonly reject: (error: Error) => void }[] = [];
  #bytesSince = 0;
  #lastHeight: number | undefined;
  #problem: AssentError | undefined;
  #running: Promise<void> | undefined;
  #written = 0;

  constructor(options: SnapshotKeeperOptions) {
    this.#options = options;
    this.#turns = new Turns(options.clock);
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#turns.stop();
    await this.#running;
    for (const { reject } of this.#asked.splice(0)) reject(new AssentError('shutting-down', 'The node is stopping.'));
  }

  /** A block of so many bytes was committed. */
  committed(bytes: number): void {
    this.#bytesSince += bytes;
  }

  /** Files written since the start. */
  get written(): number {
    return this.#written;
  }

  /** What keeps it from writing one; undefined where nothing does. */
  get problem(): AssentError | undefined {
    return this.#problem;
  }

  /** Writes one now. Throws what the files' place throws, and `snapshot-unavailable`. */
  create(): Promise<SnapshotFile> {
    return new Promise((resolve, reject) => {
      this.#asked.push({ resolve, reject });
      this.#turns.wake();
    });
  }

  /** Those that are there, the oldest first. */
  async list(): Promise<SnapshotFile[]> {
    const names = await this.#options.place.list();
    return names.flatMap((name) => {
      const height = heightOfName(name);
      return height === undefined ? [] : [{ name, height }];
    });
  }

  async #run(): Promise<void> {
    while (!this.#turns.isStopped) {
      let restMs = roundMs;
      try {
        await this.#round();
        this.#problem = undefined;
      } catch (error) {
        if (isStopping(error)) return;
        restMs = retryMs;
        this.#failed(error);
      }
      await this.#turns.rest(restMs).catch((error: unknown) => {
        if (!isStopping(error)) throw error;
      });
    }
  }

  async #round(): Promise<void> {
    const { place, schedule, ledger } = this.#options;
    const isAsked = this.#asked.length > 0;
    if (!isAsked && !(await this.#isDue())) return;
    await place.prepare();
    const height = await this.#write(isAsked);
    if (height === undefined) {
      if (isAsked) throw unavailable(ledger.applied.height);
      return;
    }
    const files = await this.list();
    for (const { name } of files.slice(0, Math.max(0, files.length - schedule.keep))) await place.remove(name);
    for (const { resolve } of this.#asked.splice(0)) resolve({ name: snapshotName(height), height });
  }

  async #isDue(): Promise<boolean> {
    const { ledger, schedule } = this.#options;
    const { everyBlocks, everyBytes } = schedule;
    if (everyBlocks === undefined && everyBytes === undefined) return false;
    if (this.#lastHeight === undefined) {
      await this.#options.place.prepare();
      this.#lastHeight = (await this.list()).at(-1)?.height ?? 0;
    }
    const isLong = everyBlocks !== undefined && ledger.applied.height - this.#lastHeight >= everyBlocks;
    return isLong || (everyBytes !== undefined && this.#bytesSince >= everyBytes);
  }

  /** Only of a certified block: on a busy chain that is soon one of the newest. */
  async #write(isAsked: boolean): Promise<number | undefined> {
    const { withSource, place, logger } = this.#options;
    const tries = isAsked ? certificateTriesMax : 1;
    for (let number = 0; number < tries; number++) {
      if (number > 0) await this.#turns.rest(certificateTryMs);
      const bytesBefore = this.#bytesSince;
      const height = await withSource(async (source) => {
        // What peers are taking in since some time may be what was written already.
        const isNew = source.manifest.block.header.height > (this.#lastHeight ?? 0) || isAsked;
        return isNew ? writeSnapshot(place, source, this.#turns.pause) : undefined;
      });
      if (height === undefined) continue;
      this.#bytesSince -= bytesBefore;
      this.#lastHeight = height;
      this.#written += 1;
      logger.info({ height }, 'wrote a snapshot');
      return height;
    }
    return undefined;
  }

  #failed(error: unknown): void {
    const { logger, onFault } = this.#options;
    for (const { reject } of this.#asked.splice(0)) reject(error as Error);
    if (!(error instanceof AssentError)) {
      onFault(error as Error);
      return;
    }
    if (error.code !== this.#problem?.code)
      logger.error({ code: error.code, reason: messageOf(error) }, 'no snapshot was written');
    this.#problem = error;
  }
}

function isStopping(error: unknown): boolean {
  return error instanceof AssentError && error.code === 'shutting-down';
}

function unavailable(height: number): AssentError {
  return new AssentError(
    'snapshot-unavailable',
    `No certificate names block ${height} yet, or its proof is not complete.`,
  );
}
