import { AssentError } from '../../base/index.ts';
import { type BlockReference, type ReadResult, raftParameters } from '../../consensus/index.ts';

/** Told once: the state that is applied now may be read, or why not. */
export type ReadListener = (error?: AssentError) => void;

/** The most readers that wait. */
export const readersMax = 4096;
/**
 * The most requests under way. With one a reader waits for an answer that came too early for it, and then for its own;
 * with many those who come to a busy node share none.
 */
export const requestsMax = 2;

interface Reader {
  readonly done: ReadListener;
  /** Tick at which it is refused. */
  readonly deadline: number;
}

export interface ReadBarrierOptions {
  /** Asks the core for a read index; the answer comes to {@link ReadBarrier.answer}, at once or later. */
  readonly request: (context: number) => void;
  /** The first request's number; the next ones follow. Drawn when the first reader comes. */
  readonly firstContext: () => number;
  readonly appliedHeight: () => number;
  /** Writes commits that wait for the next append. */
  readonly hasten: () => void;
  /** Whether no leader has been known for so long that there is nothing to wait for. */
  readonly isLeaderless: () => boolean;
  /** A reader is kept for two of them. */
  readonly electionTicks: number | undefined;
}

/**
 * Linearizable reads (protocol.md §5): each reader waits for a height that was asked for after it came, and until that
 * height is applied here. A bounded number of requests is under way; readers that come beyond it share the next one.
 */
export class ReadBarrier {
  readonly #options: ReadBarrierOptions;
  readonly #waitTicks: number;
  /** In the order they came, as in every list below, but for those that are asked for again. */
  #next: Reader[] = [];
  /** By the number of their request; contexts ascend. */
  readonly #asked = new Map<number, readonly Reader[]>();
  #applying: { readonly height: number; readonly readers: readonly Reader[] }[] = [];
  #context: number | undefined;
  #ticks = 0;
  #count = 0;
  /** The core has refused since the last tick: to ask again now would bring the same answer. */
  #isRefused = false;
  #closed: AssentError | undefined;

  constructor(options: ReadBarrierOptions) {
    this.#options = options;
    this.#waitTicks = 2 * (options.electionTicks ?? raftParameters.electionTicks);
  }

  /** Readers that wait. */
  get waiting(): number {
    return this.#count;
  }

  /**
   * Fails with `no-quorum` when no majority confirms a height in time, with `node-behind` when the height is not applied
   * here in time, and with `overloaded`.
   */
  read(done: ReadListener): void {
    const refusal = this.#closed ?? (this.#count < readersMax ? undefined : tooMany());
    if (refusal !== undefined) {
      done(refusal);
      return;
    }
    this.#count += 1;
    this.#next.push({ done, deadline: this.#ticks + this.#waitTicks });
    this.#ask();
  }

  /** The core's answer. One to a request that was given up is of no use to those who came since. */
  answer({ context, height }: ReadResult): void {
    const readers = this.#asked.get(context);
    if (readers === undefined) return;
    this.#asked.delete(context);
    if (height === undefined) this.#refused(readers);
    else if (height <= this.#options.appliedHeight()) this.#end(readers);
    else {
      this.#applying.push({ height, readers });
      this.#options.hasten();
    }
    this.#ask();
  }

  /** Whether a reader waits for this very block to be applied. */
  awaits({ height }: BlockReference): boolean {
    return this.#applying.some((batch) => batch.height === height);
  }

  /** A block has been applied. */
  applied(): void {
    if (this.#applying.length === 0) return;
    const appliedHeight = this.#options.appliedHeight();
    const reached = this.#applying.filter(({ height }) => height <= appliedHeight);
    this.#applying = this.#applying.filter(({ height }) => height > appliedHeight);
    for (const { readers } of reached) this.#end(readers);
  }

  tick(): void {
    this.#ticks += 1;
    this.#isRefused = false;
    if (this.#count > 0) this.#expire();
    this.#ask();
  }

  /** Refuses all who wait, and all who come. */
  close(error: AssentError): void {
    this.#closed ??= error;
    const applying = this.#applying.flatMap(({ readers }) => readers);
    const readers = [...applying, ...this.#askedFor(), ...this.#next];
    this.#applying = [];
    this.#asked.clear();
    this.#next = [];
    this.#end(readers, this.#closed);
  }

  #ask(): void {
    if (this.#asked.size >= requestsMax || this.#isRefused || this.#next.length === 0) return;
    // Never a number twice, restarts included: an answer that comes late must not pass for a newer one.
    const context = this.#context === undefined ? this.#options.firstContext() : this.#context + 1;
    this.#context = context;
    this.#asked.set(context, this.#next);
    this.#next = [];
    this.#options.request(context);
  }

  /** An election passes: those who have time left are asked for again. */
  #refused(readers: readonly Reader[]): void {
    if (this.#options.isLeaderless()) {
      this.#end(readers, noQuorum());
      return;
    }
    this.#isRefused = true;
    this.#next = [...readers, ...this.#next];
  }

  #expire(): void {
    const isLate = ({ deadline }: Reader): boolean => deadline <= this.#ticks;
    const isInTime = (reader: Reader): boolean => !isLate(reader);
    const unconfirmed = [...this.#askedFor(), ...this.#next].filter(isLate);
    const unapplied = this.#applying.flatMap(({ readers }) => readers.filter(isLate));
    if (unconfirmed.length > 0) {
      this.#next = this.#next.filter(isInTime);
      for (const [context, asked] of this.#asked) {
        const left = asked.filter(isInTime);
        if (left.length === 0) this.#asked.delete(context);
        else this.#asked.set(context, left);
      }
      this.#end(unconfirmed, noQuorum());
    }
    if (unapplied.length > 0) {
      this.#applying = this.#applying.flatMap(({ height, readers }) => {
        const left = readers.filter(isInTime);
        return left.length === 0 ? [] : [{ height, readers: left }];
      });
      this.#end(unapplied, new AssentError('node-behind', 'This node lags behind what was committed before the read.'));
    }
  }

  #askedFor(): Reader[] {
    return [...this.#asked.values()].flat();
  }

  #end(readers: readonly Reader[], error?: AssentError): void {
    this.#count -= readers.length;
    for (const { done } of readers) done(error);
  }
}

function noQuorum(): AssentError {
  return new AssentError('no-quorum', 'No leader confirmed in time, with a majority, what is committed.');
}

function tooMany(): AssentError {
  return new AssentError('overloaded', `${readersMax} reads wait already.`);
}
