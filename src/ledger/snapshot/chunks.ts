import { stateSpaces } from '../state/state-space.ts';
import type { SnapshotManifest } from './manifest.ts';
import { Staging } from './staging.ts';

/** Walks the chunks of a snapshot, each proved by those before it, for whoever does not stage them. */
export class SnapshotChunks {
  readonly #staging: Staging;

  constructor(manifest: SnapshotManifest) {
    this.#staging = new Staging(stateSpaces[0], manifest);
  }

  /** The address of the chunk that comes next; undefined after the last. */
  get next(): Uint8Array | undefined {
    return this.#staging.missing(1)[0];
  }

  /** Throws `snapshot-invalid` for a chunk that does not prove itself. */
  take(chunk: Uint8Array): void {
    this.#staging.accept(chunk);
  }
}
