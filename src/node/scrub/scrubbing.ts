import type { AssentError, Clock, Logger } from '../../base/index.ts';
import { appended, type Journal, type Operation, type Store } from '../../storage/index.ts';
import type { CosignatureStore } from '../cosignatures/store.ts';
import type { QueryIndexer } from '../query-index/index.ts';
import { damageOf } from './damage.ts';
import { Findings } from './findings.ts';
import type { Wanted } from './messages.ts';
import type { Repairs, RepairsOptions } from './repair.ts';

export interface ScrubbingOptions extends RepairsOptions {
  readonly store: Store;
  readonly journal: Pick<Journal, 'append'>;
  /** What it has on disk is derived anew. */
  readonly index: () => Pick<QueryIndexer, 'stored' | 'epoch'>;
  /** What they remember of what they wrote; undefined before they are opened. */
  readonly cosignatures: () => Pick<CosignatureStore, 'records'> | undefined;
  /** Folder of the database. */
  readonly database: string;
  readonly repairs: Repairs;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A batch on its way to the disk can look like damage: what is found is looked at again so many times. */
export const looksMax = 20;
export const lookAgainMs = 50;
/** Just after a start nobody is connected, or has its disk open: in a pass, so often is asked again. */
const asksAgainMax = 20;
const askAgainMs = 500;

/** What the looks at the parts share: what they look at, what they found, and how they wait, ask and write. */
export class Scrubbing {
  readonly options: ScrubbingOptions;
  readonly findings: Findings;
  #asksAgainLeft = 0;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(options: ScrubbingOptions) {
    this.options = options;
    this.findings = new Findings(options.logger);
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Nobody waits any longer. */
  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  beginPass(): void {
    this.#asksAgainLeft = asksAgainMax;
  }

  sleep(delayMs: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.options.clock.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  /** The damage that is there still after what is on its way to the disk has arrived. */
  async lookAgain(look: () => void): Promise<AssentError | undefined> {
    let damage: AssentError | undefined;
    for (let count = 0; count < looksMax && !this.#isStopped; count++) {
      damage = damageOf(look);
      if (damage === undefined) return undefined;
      await this.sleep(lookAgainMs);
    }
    return damage;
  }

  /** From a peer; undefined where none gives it. */
  async fetch(wanted: Wanted): Promise<Uint8Array | undefined> {
    for (;;) {
      const bytes = await this.options.repairs.fetch(wanted);
      if (bytes !== undefined || this.#isStopped || this.#asksAgainLeft === 0) return bytes;
      this.#asksAgainLeft -= 1;
      await this.sleep(askAgainMs);
    }
  }

  write(operations: readonly Operation[]): Promise<void> {
    return appended(this.options.journal, operations);
  }
}
