import type { ScrubbedPart } from './findings.ts';
import { scrubBlocks } from './parts/blocks.ts';
import { scrubCosignatures } from './parts/cosignatures.ts';
import { scrubState } from './parts/state.ts';
import { scrubTables } from './parts/tables.ts';
import { scrubTree } from './parts/tree.ts';
import { Scrubbing, type ScrubbingOptions } from './scrubbing.ts';

/** Since the node started. */
export interface ScrubCounts {
  /** Times that everything was looked at. */
  readonly passes: number;
  readonly bytes: number;
  readonly found: Readonly<Record<ScrubbedPart, number>>;
  readonly repaired: Readonly<Record<ScrubbedPart, number>>;
  /** Damage that the newest look found and that could not be repaired. */
  readonly open: number;
}

export interface ScrubberOptions extends ScrubbingOptions {
  readonly onFault: (error: Error) => void;
  readonly bytesPerSecond: number;
  /** Between one pass and the next. */
  readonly pauseMs: number;
}

/** Of the main thread's time, at most this part goes here. */
const workShare = 0.02;
/** What is small is looked at together until it makes up for a rest of so long: each time the thread is woken costs, too. */
const restMsMin = 50;

/**
 * Goes through all that the node holds, slowly and again and again, and holds it against the chain (protocol.md §6):
 * blocks from the newest down, each by the hash that the one above it names; receipts by the roots in the headers; the
 * state and its tree by the newest root; and the checksums of LevelDB's tables, which cover the rest. What is damaged is
 * fetched from a peer by its hash, or derived anew, and never answered meanwhile.
 */
export class Scrubber {
  readonly #options: ScrubberOptions;
  readonly #scrubbing: Scrubbing;
  #passes = 0;
  #bytes = 0;
  #work: Promise<void> = Promise.resolve();

  constructor(options: ScrubberOptions) {
    this.#options = options;
    this.#scrubbing = new Scrubbing(options);
  }

  get counts(): ScrubCounts {
    const { found, repaired, open } = this.#scrubbing.findings;
    return { passes: this.#passes, bytes: this.#bytes, found, repaired, open };
  }

  start(): void {
    this.#work = this.#run().catch((error: unknown) => {
      if (!this.#scrubbing.isStopped) this.#options.onFault(error as Error);
    });
  }

  async stop(): Promise<void> {
    this.#scrubbing.stop();
    await this.#work;
  }

  async #run(): Promise<void> {
    const { clock, bytesPerSecond, pauseMs } = this.#options;
    const scrubbing = this.#scrubbing;
    while (!scrubbing.isStopped) {
      let startedMs = clock.monotonicMs();
      let looked = 0;
      for await (const bytes of this.#pass()) {
        if (scrubbing.isStopped) return;
        this.#bytes += bytes;
        looked += bytes;
        const workedMs = clock.monotonicMs() - startedMs;
        const restMs = Math.max((1000 * looked) / bytesPerSecond, workedMs / workShare);
        if (restMs < restMsMin) continue;
        await scrubbing.sleep(restMs);
        if (scrubbing.isStopped) return;
        startedMs = clock.monotonicMs();
        looked = 0;
      }
      this.#passes += 1;
      await scrubbing.sleep(pauseMs);
    }
  }

  /** Gives the bytes that were looked at, in slices of a few milliseconds. */
  async *#pass(): AsyncGenerator<number> {
    const scrubbing = this.#scrubbing;
    scrubbing.beginPass();
    yield* scrubBlocks(scrubbing);
    // Before the values, which it says something of.
    yield* scrubTree(scrubbing);
    yield* scrubState(scrubbing);
    yield* scrubCosignatures(scrubbing);
    yield* scrubTables(scrubbing);
  }
}
