import { assert, present, utf8 } from '../../base/index.ts';
import { leafHash } from '../../crypto/portable.ts';
import { type Operation, prefixRange, type Store } from '../../storage/index.ts';
import { bucketKeyPrefix } from '../block-builder.ts';
import { appliedOperations, putBlock, readAppliedRecord } from '../chain-store.ts';
import { invalidSnapshot } from './format.ts';
import { openManifest, type SnapshotManifest } from './manifest.ts';
import { isSameState, Staging } from './staging.ts';
import { leftoversKey, manifestKey, recordKey } from './staging-keys.ts';
import { Sweep, stagingSpace } from './sweep.ts';

/** Live buckets of executed ids are about a dozen; a malformed clock of the chain's beginning makes no more. */
const bucketsMax = 1024;

/** Makes a batch durable, after all that were given before. */
export type WriteBatch = (operations: readonly Operation[]) => Promise<void>;

/**
 * Takes a snapshot in: stages it beside the state in force, chunk by chunk, and switches to it with one batch. After a
 * crash the state is the old one or the new one, and what was staged is still there.
 *
 * The ids that were executed before stay in the store until the next installation: no more than one window of them.
 *
 * The caller checks a manifest's header signature, certificate and configurations before {@link begin}, lets
 * {@link sweep} run to its end, asks for what is {@link missing}, and writes {@link install} together with what consensus
 * keeps. After that batch it opens the ledger, and a sink, anew.
 */
export class SnapshotSink {
  readonly #store: Store;
  readonly #ledgerId: Uint8Array;
  readonly #write: WriteBatch;
  #staging: Staging | undefined;
  /** To be staged as soon as the place is clean. */
  #next: SnapshotManifest | undefined;
  #sweep: Sweep | undefined;
  /** All that was given to be written is durable. */
  #written: Promise<void> = Promise.resolve();
  #isInstalled = false;

  private constructor(store: Store, ledgerId: Uint8Array, write: WriteBatch) {
    this.#store = store;
    this.#ledgerId = ledgerId;
    this.#write = write;
  }

  /** Finds what an earlier run has staged. Nothing may be on its way to the store. Throws `storage-damaged` or `snapshot-invalid`. */
  static async open(store: Store, ledgerId: Uint8Array, write: WriteBatch): Promise<SnapshotSink> {
    const sink = new SnapshotSink(store, ledgerId, write);
    const { origin } = readAppliedRecord(store);
    const bytes = store.get(manifestKey);
    const manifest = bytes && openManifest(bytes, ledgerId);
    if (store.get(leftoversKey) !== undefined) {
      sink.#sweep = new Sweep(store, origin);
      sink.#next = manifest;
    } else if (manifest !== undefined) {
      const space = stagingSpace(origin);
      const buckets = await store.range({ ...prefixRange(space.state, utf8(bucketKeyPrefix)), limit: bucketsMax });
      sink.#staging = new Staging(space, manifest, (address) => store.get(recordKey(address)), buckets);
    }
    return sink;
  }

  /** The snapshot that is taken in. */
  get manifest(): SnapshotManifest | undefined {
    return this.#staging?.manifest ?? this.#next;
  }

  /** Whether {@link sweep} has something to do. Until it has done it, nothing is missing. */
  get isSweeping(): boolean {
    return this.#sweep !== undefined;
  }

  /**
   * Begins with a snapshot, or goes on with it when it is the same. Another one takes the place of the one that was
   * staged. Resolves when that is durable. Throws `snapshot-invalid`, also when the snapshot is not ahead of the applied
   * block.
   */
  begin(manifestBytes: Uint8Array): Promise<void> {
    this.#assertOpen();
    const manifest = openManifest(manifestBytes, this.#ledgerId);
    const { height, origin } = readAppliedRecord(this.#store);
    if (manifest.block.header.height <= height) throw invalidSnapshot(`it is not ahead of the applied block ${height}`);
    const { manifest: current } = this;
    if (current !== undefined && isSameState(current, manifest)) return this.#written;
    const operations: Operation[] = [{ type: 'put', key: manifestKey, value: manifestBytes }];
    if (this.#staging === undefined && this.#sweep === undefined) {
      this.#staging = new Staging(stagingSpace(origin), manifest);
    } else {
      operations.push({ type: 'put', key: leftoversKey, value: new Uint8Array() });
      this.#staging = undefined;
      this.#next = manifest;
      this.#sweep = new Sweep(this.#store, origin);
    }
    return this.#append(operations);
  }

  /**
   * Removes a slice of what is no more needed: of a snapshot that was replaced, or, after an installation, of the state
   * before it. False when nothing is left.
   */
  async sweep(): Promise<boolean> {
    this.#assertOpen();
    // What is on its way might land where it was swept already.
    await this.#written;
    const sweep = this.#sweep;
    if (sweep === undefined) return false;
    const operations = await sweep.next();
    this.#assertOpen();
    // Another snapshot was begun meanwhile, and with it another sweep.
    if (this.#sweep !== sweep) return true;
    if (operations === undefined) {
      this.#sweep = undefined;
      const { origin } = readAppliedRecord(this.#store);
      if (this.#next !== undefined) this.#staging = new Staging(stagingSpace(origin), this.#next);
      this.#next = undefined;
      return false;
    }
    if (operations.length > 0) await this.#append(operations);
    return true;
  }

  /** Addresses of chunks that are wanted next, at most `max`. */
  missing(max: number): Uint8Array[] {
    return this.#staging?.missing(max) ?? [];
  }

  /**
   * Takes a chunk that proves itself; one that is held already changes nothing. Resolves when it is durable. Throws
   * `snapshot-invalid`, with nothing changed.
   */
  accept(chunk: Uint8Array): Promise<void> {
    this.#assertOpen();
    if (this.#staging === undefined) throw invalidSnapshot('no chunk is wanted');
    const operations = this.#staging.accept(chunk);
    return operations.length === 0 ? this.#written : this.#append(operations);
  }

  /** Chunks of the snapshot that were accepted, by this sink or before it. */
  get chunksHeld(): number {
    return this.#staging?.heldCount ?? 0;
  }

  /** Every chunk was accepted. */
  get isComplete(): boolean {
    return this.#staging?.isComplete ?? false;
  }

  /**
   * The switch: to be written in one batch, after all that this sink has written. Ends this sink; as soon as the batch is
   * durable the old ledger must not be used any more. Throws `snapshot-invalid` when the applied block has caught up.
   */
  install(): Operation[] {
    this.#assertOpen();
    const staging = present(this.#staging, 'a snapshot is staged');
    assert(staging.isComplete, 'a snapshot is installed whole');
    const applied = readAppliedRecord(this.#store);
    const { block, historyBefore } = staging.manifest;
    const { height, term, timestamp, configurationHash, stateRoot } = block.header;
    if (height <= applied.height) throw invalidSnapshot(`it is not ahead of the applied block ${applied.height}`);
    const history = historyBefore.clone();
    history.append(leafHash(block.hash));
    this.#isInstalled = true;
    return [
      putBlock(height, block.bytes),
      ...appliedOperations({
        height,
        term,
        hash: block.hash,
        timestamp,
        configurationHash,
        stateRoot,
        history,
        historyBefore,
        idBuckets: staging.idBuckets(),
        deltasFrom: height + 1,
        pastFrom: height,
        origin: { space: stagingSpace(applied.origin), height },
      }),
      { type: 'delete', key: manifestKey },
      { type: 'put', key: leftoversKey, value: new Uint8Array() },
    ];
  }

  #append(operations: readonly Operation[]): Promise<void> {
    const written = this.#write(operations);
    this.#written = Promise.all([this.#written, written]).then(() => undefined);
    // Whoever called hears of a failure; one that nobody waits for poisons the journal, and with it the node.
    this.#written.catch(() => undefined);
    return written;
  }

  #assertOpen(): void {
    assert(!this.#isInstalled, 'a sink ends with the installation');
  }
}
