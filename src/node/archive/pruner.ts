import type { Logger } from '../../base/index.ts';
import { type Ledger, PruneSweep, prunedRanges, putPruned, readPruned } from '../../ledger/index.ts';
import type { Operation, Store } from '../../storage/index.ts';
import { blockCertificateRange } from '../replica/index.ts';
import type { NodeArchive } from './node-archive.ts';
import type { Turns } from './turns.ts';

const certificatesAtOnce = 512;

export interface PrunerOptions {
  readonly archive: NodeArchive;
  readonly ledger: Pick<Ledger, 'prune' | 'prunedThrough' | 'firstBlockHeight'>;
  readonly database: Store;
  /** Makes a batch durable. */
  readonly write: (operations: readonly Operation[]) => Promise<void>;
  /** Consensus reads no blocks below this height any more. */
  readonly raiseBase: (height: number) => void;
  readonly turns: Turns;
  readonly logger: Logger;
}

/**
 * Gives up blocks that the archive has: first all readers are turned to the archive, durably, then what is left goes
 * slice by slice, and at last its room on the disk. A crash in between is made good by the next run.
 */
export class Pruner {
  readonly #options: PrunerOptions;

  constructor(options: PrunerOptions) {
    this.#options = options;
  }

  /** Gives up the blocks up to this height; the caller knows that they may go. Throws `archive-damaged` where their files are not what was written. */
  async prune(through: number): Promise<void> {
    const { archive, ledger, database, write, raiseBase, turns, logger } = this.#options;
    for (const record of archive.records) {
      if (record.last < ledger.firstBlockHeight || record.first > through) continue;
      await archive.check(record);
      await turns.pause();
    }
    const { sweptThrough } = readPruned(database);
    await write([putPruned({ through, sweptThrough })]);
    ledger.prune(through);
    raiseBase(through + 1);
    logger.info({ prunedThrough: through }, 'blocks were given up; the archive has them');
  }

  /** Removes what is left of blocks that were given up. */
  async sweep(): Promise<void> {
    const { database, write, turns, ledger } = this.#options;
    const { through, sweptThrough } = readPruned(database);
    if (sweptThrough >= through) return;
    const sweep = new PruneSweep(database, through);
    for (let slice = await sweep.next(); slice !== undefined; slice = await sweep.next()) {
      if (slice.length > 0) await write(slice);
      await turns.pause();
    }
    await this.#sweepCertificates(through);
    for (const range of [...prunedRanges(through), blockCertificateRange(through)]) {
      turns.demandGoing();
      await database.compact(range);
      await turns.pause();
    }
    await write([putPruned({ through: Math.max(through, ledger.prunedThrough), sweptThrough: through })]);
  }

  /** Of blocks below the first that is kept; each stands beside its chunk. */
  async #sweepCertificates(through: number): Promise<void> {
    const { database, write, turns } = this.#options;
    const range = blockCertificateRange(through);
    for (;;) {
      const page = await database.range({ ...range, limit: certificatesAtOnce });
      if (page.length > 0) await write(page.map(([key]): Operation => ({ type: 'delete', key })));
      if (page.length < certificatesAtOnce) return;
      await turns.pause();
    }
  }
}
