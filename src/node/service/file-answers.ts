import { join } from 'node:path';
import type { FileList, FileProgress, FileView } from '../../api/index.ts';
import { type Clock, present } from '../../base/index.ts';
import { decodeNodeId, type NodeId } from '../../crypto/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { ArchiveStore, Store } from '../../storage/index.ts';
import { Turns } from '../archive/index.ts';
import { writeBackup } from '../backup/index.ts';
import type { SnapshotFile, SnapshotKeeper } from '../snapshots/index.ts';
import { Jobs } from './jobs.ts';

export interface FileSources {
  readonly snapshots: Pick<SnapshotKeeper, 'create' | 'list'>;
  /** Where snapshots and backups are written. */
  readonly place: ArchiveStore;
  readonly ledger: Pick<Ledger, 'ledgerId'>;
  readonly store: Store;
  readonly nodeId: NodeId;
  readonly clock: Clock;
}

/** Snapshots and backups that somebody asks for. */
export class FileAnswers {
  readonly #sources: FileSources;
  readonly #turns: Turns;
  readonly #snapshotJobs: Jobs<SnapshotFile>;
  /** One at a time: each reads the whole database. */
  readonly #backupJobs: Jobs<FileView>;
  #last: Promise<unknown> = Promise.resolve();

  constructor(sources: FileSources) {
    this.#sources = sources;
    this.#turns = new Turns(sources.clock);
    this.#snapshotJobs = new Jobs(sources.clock);
    this.#backupJobs = new Jobs(sources.clock);
  }

  /** Ends what is being written. */
  async stop(): Promise<void> {
    this.#turns.stop();
    await this.#last;
  }

  async createSnapshot(): Promise<FileProgress> {
    const { snapshots } = this.#sources;
    const made = await this.#snapshotJobs.step(() => snapshots.create());
    return { written: made === undefined ? null : this.#view(made) };
  }

  async snapshots(): Promise<FileList> {
    const { snapshots, place } = this.#sources;
    await place.prepare();
    return { files: (await snapshots.list()).map((file) => this.#view(file)) };
  }

  async backup(): Promise<FileProgress> {
    const made = await this.#backupJobs.step(() => {
      const job = this.#backUp();
      this.#last = job.catch(() => undefined);
      return job;
    });
    return { written: made ?? null };
  }

  async #backUp(): Promise<FileView> {
    const { place, store, ledger, nodeId } = this.#sources;
    await place.prepare();
    const nodeKey = present(decodeNodeId(nodeId), 'a node has an id');
    const identity = { ledgerId: ledger.ledgerId, nodeKey };
    this.#turns.begin();
    return this.#view(await writeBackup(place, store, identity, { pause: this.#turns.pause }));
  }

  #view({ name, height }: { readonly name: string; readonly height: number }): FileView {
    return { file: join(this.#sources.place.place, name), height };
  }
}
