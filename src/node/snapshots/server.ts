import { AssentError, assert, equalBytes, type Logger, latin1Text } from '../../base/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import { type SnapshotProofs, SnapshotSource } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import { encodeSnapshotMessage, pieceBytesMax, type SnapshotMessage, type Wanted } from './messages.ts';

/** A source that nobody asked for so long is closed, and so is one of this age: it holds disk space back. */
const idleMsMax = 60_000;
const ageMsMax = 600_000;

export interface SnapshotServerOptions {
  readonly store: Store;
  readonly logger: Logger;
  readonly proofsOf: (block: { readonly height: number; readonly hash: Uint8Array }) => SnapshotProofs | undefined;
  readonly appliedHeight: () => number;
  /** Milliseconds, of a clock that never goes back. */
  readonly nowMs: () => number;
  readonly send: (to: NodeId, frame: Uint8Array) => void;
  readonly onFault: (error: Error) => void;
}

type Request = Extract<SnapshotMessage, { type: 'request' }>;

/** Gives snapshots to peers that ask: one source at a time, shared by all of them, and one answer at a time. */
export class SnapshotServer {
  readonly #options: SnapshotServerOptions;
  /** The newest request of each peer; a peer has one under way. */
  readonly #requests = new Map<NodeId, Request>();
  #source: { readonly opened: SnapshotSource; readonly openedMs: number; usedMs: number } | undefined;
  /** What was made last: it leaves in pieces. */
  #made: { readonly key: string; readonly bytes: Uint8Array } | undefined;
  #work: Promise<void> | undefined;
  #isStopped = false;
  #isLent = false;
  #bytesSent = 0;
  #opened = 0;

  constructor(options: SnapshotServerOptions) {
    this.#options = options;
  }

  /** Of the snapshot that is given out. */
  get height(): number | undefined {
    return this.#source?.opened.manifest.block.header.height;
  }

  get counts(): { readonly opened: number; readonly bytesSent: number } {
    return { opened: this.#opened, bytesSent: this.#bytesSent };
  }

  receive(from: NodeId, request: Request): void {
    if (this.#isStopped) return;
    this.#requests.set(from, request);
    this.#begin();
  }

  /**
   * Lets somebody on this node use what peers are given, too. Undefined while there is nothing to give: no certificate
   * names the newest block yet.
   */
  async lend<T>(use: (source: SnapshotSource) => Promise<T>): Promise<T | undefined> {
    assert(!this.#isLent, 'one at a time has the source');
    this.#isLent = true;
    try {
      const source = await this.#exclusively(async () => {
        if (this.#source === undefined) await this.#open();
        return this.#source;
      });
      return source === undefined ? undefined : await use(source.opened);
    } finally {
      this.#isLent = false;
    }
  }

  /** Between two answers. */
  async #exclusively<T>(work: () => Promise<T>): Promise<T | undefined> {
    while (this.#work !== undefined) await this.#work;
    if (this.#isStopped) return undefined;
    let result: T | undefined;
    this.#work = work().then((value) => {
      result = value;
    });
    try {
      await this.#work;
    } finally {
      this.#work = undefined;
    }
    return result;
  }

  /** One tick of the driver's clock. */
  tick(): void {
    this.#begin();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#work;
    await this.#close();
  }

  #begin(): void {
    if (this.#work !== undefined || this.#isStopped) return;
    this.#work = this.#answerAll().then(
      () => {
        this.#work = undefined;
      },
      (error: unknown) => {
        if (!this.#isStopped) this.#options.onFault(error as Error);
      },
    );
  }

  async #answerAll(): Promise<void> {
    const { nowMs } = this.#options;
    const source = this.#source;
    if (
      source !== undefined &&
      !this.#isLent &&
      (nowMs() - source.usedMs > idleMsMax || nowMs() - source.openedMs > ageMsMax)
    )
      await this.#close();
    for (const [from, request] of this.#requests) {
      // One that came meanwhile takes the place of this one.
      this.#requests.delete(from);
      const isAnswered = await this.#answer(from, request);
      if (this.#isStopped) return;
      // No certificate names the newest block yet: with the next tick, perhaps, there is another.
      if (!isAnswered && !this.#requests.has(from)) this.#requests.set(from, request);
      if (!isAnswered) return;
    }
  }

  async #answer(from: NodeId, request: Request): Promise<boolean> {
    const { block, address, offset } = request;
    const isOpening = block.length === 0 && address.length === 0;
    if (isOpening && this.#source === undefined) await this.#open();
    if (this.#isStopped) return true;
    const source = this.#source;
    if (source === undefined && isOpening && this.#options.appliedHeight() > 0) return false;
    const hash = source?.opened.manifest.block.hash;
    if (source === undefined || hash === undefined || !(block.length === 0 || equalBytes(block, hash))) {
      this.#send(from, { type: 'none', block, address });
      return true;
    }
    source.usedMs = this.#options.nowMs();
    const bytes = await this.#bytes(source.opened, { block: hash, address });
    if (bytes === undefined || offset >= bytes.length) this.#send(from, { type: 'none', block, address });
    else {
      const piece = bytes.slice(offset, offset + pieceBytesMax);
      this.#bytesSent += piece.length;
      this.#send(from, { type: 'piece', block: hash, address, offset, total: bytes.length, bytes: piece });
    }
    return true;
  }

  async #bytes(source: SnapshotSource, { address }: Wanted): Promise<Uint8Array | undefined> {
    if (address.length === 0) return source.manifest.bytes;
    const key = latin1Text(source.manifest.block.hash) + latin1Text(address);
    if (this.#made?.key === key) return this.#made.bytes;
    try {
      const bytes = await source.chunk(address);
      this.#made = { key, bytes };
      return bytes;
    } catch (error) {
      if (!(error instanceof AssentError) || error.code !== 'snapshot-invalid') throw error;
      return undefined;
    }
  }

  async #open(): Promise<void> {
    const { store, proofsOf, nowMs, logger } = this.#options;
    const opened = await SnapshotSource.open(store, proofsOf);
    if (opened === undefined) return;
    this.#opened += 1;
    this.#source = { opened, openedMs: nowMs(), usedMs: nowMs() };
    logger.info({ height: opened.manifest.block.header.height }, 'gives out a snapshot');
  }

  async #close(): Promise<void> {
    const source = this.#source;
    this.#made = undefined;
    await source?.opened.close();
    if (this.#source === source) this.#source = undefined;
  }

  #send(to: NodeId, message: SnapshotMessage): void {
    this.#options.send(to, encodeSnapshotMessage(message));
  }
}
