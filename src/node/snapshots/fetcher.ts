import { AssentError, type Logger, present } from '../../base/index.ts';
import { comparePlaces } from '../../consensus/index.ts';
import type { NodeId, VerifySignature } from '../../crypto/index.ts';
import { type Ledger, openManifest, type SnapshotManifest, SnapshotSink, type WriteBatch } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import type { ProvedSnapshot, Replica } from '../replica/index.ts';
import { type Answer, Exchange } from './exchange.ts';
import type { SnapshotMessage } from './messages.ts';
import { type NeedParameters, SnapshotNeed } from './need.ts';
import { verifyProofs } from './proofs.ts';

const nothing = new Uint8Array();
/** New snapshots that are begun at one peer, one after the other is gone there, before the next peer is asked. */
const snapshotsOfPeerMax = 3;
/** In election timeouts: between an attempt that no peer brought to its end and the next. */
const pauseTimeouts = 4;
/** Between two looks at whether a snapshot is needed: a status can cost a read of the disk. */
const lookTicks = 4;
/** In election timeouts: how long a connected peer may be silent. The first chunk takes it a look at all keys. */
const silentTimeouts = 60;

export interface SnapshotFetcherOptions extends NeedParameters {
  readonly ledger: Ledger;
  readonly store: Store;
  readonly write: WriteBatch;
  readonly replica: Pick<Replica, 'status' | 'setInstalling' | 'install' | 'nodeId'>;
  readonly verify: VerifySignature;
  readonly logger: Logger;
  /** Connected peers. */
  readonly peers: () => readonly NodeId[];
  readonly send: (to: NodeId, frame: Uint8Array) => void;
  /** A peer sent what no correct node sends. */
  readonly blame: (from: NodeId, error: AssentError) => void;
  readonly onFault: (error: Error) => void;
}

/** A snapshot on its way to this node. */
export interface SnapshotProgress {
  readonly height: number;
  readonly chunksHeld: number;
  readonly fromNode: NodeId;
}

/**
 * Takes in a snapshot where replication would take too long or cannot go on ({@link SnapshotNeed}): from one peer at a
 * time, the leader last. What is held stays held, whichever peer it came from, and over a restart. Meanwhile consensus
 * takes no blocks and does not campaign; when no peer brings it to its end, blocks are taken again until the next attempt.
 */
export class SnapshotFetcher {
  readonly #options: SnapshotFetcherOptions;
  readonly #exchange: Exchange;
  readonly #need: SnapshotNeed;
  #sink: SnapshotSink | undefined;
  #peer: NodeId | undefined;
  #isBusy = false;
  #isStopped = false;
  #pauseUntilTick = 0;
  #tick = 0;
  #installed = 0;
  #chunks = 0;

  constructor(options: SnapshotFetcherOptions) {
    this.#options = options;
    const { electionTicks } = options;
    this.#exchange = new Exchange({ send: options.send, silentTicksMax: silentTimeouts * electionTicks });
    this.#need = new SnapshotNeed(options);
  }

  /** Finds what an earlier run has staged. Nothing may be on its way to the store. Throws `storage-damaged`. */
  async open(): Promise<void> {
    const { store, ledger, write } = this.#options;
    this.#sink = await SnapshotSink.open(store, ledger.ledgerId, write);
  }

  get progress(): SnapshotProgress | undefined {
    const height = this.#sink?.manifest?.block.header.height;
    const fromNode = this.#peer;
    if (height === undefined || fromNode === undefined) return undefined;
    return { height, chunksHeld: this.#sink?.chunksHeld ?? 0, fromNode };
  }

  get counts(): { readonly installed: number; readonly chunks: number } {
    return { installed: this.#installed, chunks: this.#chunks };
  }

  receive(from: NodeId, message: SnapshotMessage): void {
    this.#exchange.receive(from, message);
  }

  /** One tick of the driver's clock. */
  tick(): void {
    this.#tick += 1;
    this.#exchange.tick();
    if (this.#peer !== undefined && !this.#options.peers().includes(this.#peer)) this.#exchange.stop();
    if (this.#tick % lookTicks !== 0) return;
    this.#need.passed(lookTicks, this.#options.replica.status());
    this.look();
  }

  /** Begins when it is time to. For every event by which the node may learn that it is behind. */
  look(): void {
    if (this.#isBusy || this.#isStopped || this.#sink === undefined) return;
    const { replica } = this.#options;
    const isStaged = this.#sink.manifest !== undefined;
    const isWanted = this.#isAboveTip(this.#sink.manifest);
    const isDue = this.#tick >= this.#pauseUntilTick && this.#need.isThere(replica.status(), isWanted);
    if (isDue) this.#run(() => this.#fetch());
    else if (this.#sink.isSweeping && !isStaged) this.#run(() => this.#sweepOnce());
  }

  stop(): void {
    this.#isStopped = true;
    this.#exchange.stop();
  }

  #run(work: () => Promise<void>): void {
    this.#isBusy = true;
    work().then(
      () => {
        this.#isBusy = false;
      },
      (error: unknown) => {
        if (!this.#isStopped) this.#options.onFault(error as Error);
      },
    );
  }

  /** What a snapshot has replaced goes slice by slice. */
  async #sweepOnce(): Promise<void> {
    await this.#openSink.sweep();
  }

  get #openSink(): SnapshotSink {
    return present(this.#sink, 'a sink is opened before it is used');
  }

  async #fetch(): Promise<void> {
    const { replica, logger, ledger, electionTicks } = this.#options;
    replica.setInstalling(true);
    logger.info({ height: ledger.applied.height, behindBlocks: replica.status().behindBlocks }, 'asks for a snapshot');
    const isInstalled = (await this.#goOn()) || (await this.#begin());
    this.#peer = undefined;
    if (isInstalled || this.#isStopped) return;
    replica.setInstalling(false);
    this.#pauseUntilTick = this.#tick + pauseTimeouts * electionTicks;
    logger.warn({}, 'no peer gave a snapshot; blocks are taken again');
  }

  /** With what is staged, wherever it is still given out. */
  async #goOn(): Promise<boolean> {
    if (!this.#isAboveTip(this.#openSink.manifest)) return false;
    for (const peer of this.#peersInTurn()) if ((await this.#take(peer)) === 'installed') return true;
    return false;
  }

  /** With a snapshot that is new here. */
  async #begin(): Promise<boolean> {
    for (const peer of this.#peersInTurn())
      for (let attempt = 0; attempt < snapshotsOfPeerMax && !this.#isStopped; attempt++) {
        if (!(await this.#beginWith(peer))) break;
        const outcome = await this.#take(peer);
        if (outcome === 'installed') return true;
        if (outcome === 'left') break;
      }
    return false;
  }

  /** The leader has more to do than the others. */
  #peersInTurn(): NodeId[] {
    const { leader } = this.#options.replica.status();
    const peers = this.#options.peers().filter((peer) => peer !== leader);
    const from = this.#tick % Math.max(1, peers.length);
    const turned = [...peers.slice(from), ...peers.slice(0, from)];
    return leader === undefined || !this.#options.peers().includes(leader) ? turned : [...turned, leader];
  }

  async #beginWith(peer: NodeId): Promise<boolean> {
    this.#peer = peer;
    const { ledger, verify, logger } = this.#options;
    const answer = await this.#ask(peer, nothing, nothing);
    if (answer.type !== 'bytes') return false;
    return this.#trust(peer, async () => {
      const manifest = openManifest(answer.bytes, ledger.ledgerId);
      const { height } = manifest.block.header;
      verifyProofs(manifest, ledger.genesis, verify);
      // Of no use, and nobody's fault: the peer is behind, too.
      if (!this.#isAboveTip(manifest)) return false;
      logger.info({ height, peer }, 'takes in a snapshot');
      await this.#openSink.begin(answer.bytes);
      while (!this.#isStopped && (await this.#openSink.sweep()));
      return !this.#isStopped;
    });
  }

  /** A tip never decreases: anything else could not be installed. */
  #isAboveTip(manifest: SnapshotManifest | undefined): boolean {
    const { tip } = this.#options.replica.status();
    return manifest !== undefined && comparePlaces(manifest.block.header, tip) > 0;
  }

  /** Chunk by chunk, and installs. `gone`: the peer no longer has it. */
  async #take(peer: NodeId): Promise<'installed' | 'gone' | 'left'> {
    this.#peer = peer;
    const sink = this.#openSink;
    while (sink.isSweeping && !this.#isStopped) await sink.sweep();
    const block = present(sink.manifest, 'a snapshot is staged').block.hash;
    for (let [address] = sink.missing(1); address !== undefined; [address] = sink.missing(1)) {
      const answer = await this.#ask(peer, block, address);
      if (answer.type !== 'bytes') return answer.type === 'none' ? 'gone' : 'left';
      const isTaken = await this.#trust(peer, async () => {
        await sink.accept(answer.bytes);
        return true;
      });
      if (!isTaken || this.#isStopped) return 'left';
      this.#chunks += 1;
    }
    return (await this.#install()) ? 'installed' : 'left';
  }

  async #install(): Promise<boolean> {
    const { ledger, verify, replica, logger } = this.#options;
    const sink = this.#openSink;
    const manifest = present(sink.manifest, 'a snapshot is staged');
    const snapshot: ProvedSnapshot = verifyProofs(manifest, ledger.genesis, verify);
    const refusal = await new Promise<AssentError | undefined>((resolve) =>
      replica.install(snapshot, () => sink.install(), resolve),
    );
    // What is left of the old state goes with a sink of its own, in slices.
    await this.open();
    const { height } = snapshot.tip;
    if (refusal === undefined) {
      this.#installed += 1;
      logger.info({ height }, 'goes on from a snapshot; the history of this node begins here');
    } else logger.warn({ height, reason: refusal.message }, 'a snapshot came too late');
    return refusal === undefined;
  }

  #ask(peer: NodeId, block: Uint8Array, address: Uint8Array): Promise<Answer> {
    return this.#isStopped ? Promise.resolve({ type: 'silent' }) : this.#exchange.ask(peer, { block, address });
  }

  /** What does not prove itself is the fault of the peer that sent it. */
  async #trust(peer: NodeId, take: () => Promise<boolean>): Promise<boolean> {
    try {
      return await take();
    } catch (error) {
      if (!(error instanceof AssentError) || error.code !== 'snapshot-invalid') throw error;
      this.#options.blame(peer, error);
      return false;
    }
  }
}
