import { AssentError } from '../../base/index.ts';
import { type BlockReference, type ReadResult, raftParameters } from '../../consensus/index.ts';

/** Told once: the state that it asked for may be read now, or why not. */
export type ReadListener = (error?: AssentError) => void;

/**
 * What is read: the newest state that is final, or the newest one that is also on this node's disk, with all that a commit
 * writes beside it.
 */
export type ReadState = 'certified' | 'applied';

/** The most readers that wait. */
export const readersMax = 4096;
/**
 * The most requests under way. With few a reader waits for answers that came too early for it, the slowest of them, and then
 * for its own; with no bound those who come to a busy node would share none.
 */
export const requestsMax = 8;

interface Reader {
  readonly state: ReadState;
  readonly done: ReadListener;
  /** Tick at which it is refused. */
  readonly deadline: number;
}

/** Readers whose height is known. */
interface Confirmed {
  readonly height: number;
  readonly readers: readonly Reader[];
}

export interface ReadBarrierOptions {
  /** Asks the core for a read index; the answer comes to {@link ReadBarrier.answer}, at once or later. */
  readonly request: (context: number) => void;
  /** The first request's number; the next ones follow. Drawn when the first reader comes. */
  readonly firstContext: () => number;
  /** How far each state is; the applied one is never ahead. */
  readonly heights: { readonly [state in ReadState]: () => number };
  /** Writes commits that wait for the next append. */
  readonly hasten: () => void;
  /** Whether no leader has been known for so long that there is nothing to wait for. */
  readonly isLeaderless: () => boolean;
  /** A reader is kept for two of them. */
  readonly electionTicks: number | undefined;
}

/**
 * Linearizable reads (protocol.md §5): each reader waits for a height that was asked for after it came, and until that
 * height is reached here. A bounded number of requests is under way; readers that come beyond it share the next one.
 */
export class ReadBarrier {
  readonly #options: ReadBarrierOptions;
  readonly #waitTicks: number;
  /** In the order they came, as in every list below, but for those that are asked for again. */
  #next: Reader[] = [];
  /** By the number of their request; contexts ascend. */
  readonly #asked = new Map<number, readonly Reader[]>();
  #behind: Confirmed[] = [];
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
   * Calls back once, at once or later: when this state holds all that was committed anywhere before the call. Fails with
   * `no-quorum` when no majority confirms a height in time, with `node-behind` when the height is not reached here in time,
   * and with `overloaded`.
   */
  read(state: ReadState, done: ReadListener): void {
    const refusal = this.#closed ?? (this.#count < readersMax ? undefined : tooMany());
    if (refusal !== undefined) {
      done(refusal);
      return;
    }
    this.#count += 1;
    this.#next.push({ state, done, deadline: this.#ticks + this.#waitTicks });
    this.#ask();
  }

  /** The core's answer. One to a request that was given up is of no use to those who came since. */
  answer({ context, height }: ReadResult): void {
    const readers = this.#asked.get(context);
    if (readers === undefined) return;
    this.#asked.delete(context);
    if (height === undefined) this.#refused(readers);
    else {
      const left = this.#reach({ height, readers });
      if (left.readers.length > 0) this.#behind.push(left);
      if (left.readers.some(isOfDisk)) this.#options.hasten();
    }
    this.#ask();
  }

  /** Whether a reader waits for this very block to be applied. */
  awaits(block: BlockReference): boolean {
    return this.#behind.some(({ height, readers }) => height === block.height && readers.some(isOfDisk));
  }

  /** A block has been certified or applied. */
  advanced(): void {
    if (this.#behind.length === 0) return;
    const behind = this.#behind;
    this.#behind = [];
    const left = behind.map((confirmed) => this.#reach(confirmed)).filter(({ readers }) => readers.length > 0);
    this.#behind.push(...left);
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
    const behind = this.#behind.flatMap(({ readers }) => readers);
    const readers = [...behind, ...this.#askedFor(), ...this.#next];
    this.#behind = [];
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
    const behind = this.#behind.flatMap(({ readers }) => readers.filter(isLate));
    if (unconfirmed.length > 0) {
      this.#next = this.#next.filter(isInTime);
      for (const [context, asked] of this.#asked) {
        const left = asked.filter(isInTime);
        if (left.length === 0) this.#asked.delete(context);
        else this.#asked.set(context, left);
      }
      this.#end(unconfirmed, noQuorum());
    }
    if (behind.length > 0) {
      this.#behind = this.#behind.flatMap(({ height, readers }) => {
        const left = readers.filter(isInTime);
        return left.length === 0 ? [] : [{ height, readers: left }];
      });
      this.#end(behind, new AssentError('node-behind', 'This node lags behind what was committed before the read.'));
    }
  }

  /** Answers those whose state is there; the others are left. */
  #reach({ height, readers }: Confirmed): Confirmed {
    const { heights } = this.#options;
    const isThere = ({ state }: Reader): boolean => height <= heights[state]();
    const left = readers.filter((reader) => !isThere(reader));
    if (left.length < readers.length) this.#end(readers.filter(isThere));
    return { height, readers: left };
  }

  #askedFor(): Reader[] {
    return [...this.#asked.values()].flat();
  }

  #end(readers: readonly Reader[], error?: AssentError): void {
    this.#count -= readers.length;
    for (const { done } of readers) done(error);
  }
}

/** The others wait for no write. */
function isOfDisk({ state }: Reader): boolean {
  return state === 'applied';
}

function noQuorum(): AssentError {
  return new AssentError('no-quorum', 'No leader confirmed in time, with a majority, what is committed.');
}

function tooMany(): AssentError {
  return new AssentError('overloaded', `${readersMax} reads wait already.`);
}
