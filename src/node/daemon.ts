import { AssentError, type Clock, messageOf, toHex } from '../base/index.ts';
import type { NodeId } from '../crypto/index.ts';
import { startApi } from './api.ts';
import { systemClock } from './clock.ts';
import { Closers } from './closers.ts';
import type { NodeConfig } from './config/index.ts';
import { openLog } from './log.ts';
import { startedMended } from './mending-start.ts';
import { NodeParts } from './node-parts.ts';
import { type NodeBasis, openLedger, readIdentity } from './opening.ts';
import { Ticker } from './ticker.ts';
import { programVersion } from './version.ts';

/** A node at work. */
export interface RunningNode {
  readonly nodeId: NodeId;
  readonly ledgerId: string;
  /** Where the API answers: `http://127.0.0.1:7300`. */
  readonly apiUrl: string;
  /** Multiaddrs that peers can dial. */
  readonly p2pAddresses: readonly string[];
  /** Resolves when the node has stopped: with the fault that stopped it, or undefined after {@link stop}. */
  readonly stopped: Promise<Error | undefined>;
  /** Stops because of a bug that came to light outside of it. */
  fail(error: Error): void;
  /** Stops cleanly: no more requests, answers to those under way, then consensus, network and disk. */
  stop(): Promise<void>;
}

/**
 * Starts a node: configuration and keys, data directory, ledger, replica, network, API, in this order. Every failure is
 * one AssentError with one sentence, and nothing is left running. The HTTP thread has the machine's own clock.
 */
export async function startNode(config: NodeConfig, clock: Clock = systemClock): Promise<RunningNode> {
  const identity = readIdentity(config);
  const log = openLog(config.log, identity.key.nodeId);
  const closers = new Closers();
  closers.add('log', () => log.flush());
  try {
    const opened = await openLedger(config, identity);
    closers.add('data directory', () => opened.directory.close());
    const basis: NodeBasis = { config, identity, opened, log, clock };
    const daemon = await startedMended(basis, () => new Daemon(basis, closers));
    return await daemon.start();
  } catch (error) {
    log.logger.error({ error: messageOf(error) }, 'the node did not start');
    await closers.closeAll(config.timing.shutdownMs, log.logger);
    throw error;
  }
}

const faultShutdownMs = 1000;
/** The part of the time for a clean stop in which another node may take the leadership over. */
const handoverShare = 4;

/** A node from its first step to its last: in which order its parts start, and stop. */
class Daemon {
  readonly #basis: NodeBasis;
  readonly #closers: Closers;
  readonly #parts: NodeParts;
  readonly #stopped = Promise.withResolvers<Error | undefined>();
  #stopping: Promise<void> | undefined;

  constructor(basis: NodeBasis, closers: Closers) {
    this.#basis = basis;
    this.#closers = closers;
    this.#parts = new NodeParts(basis, { closers, fail: (error) => this.#fail(error) });
  }

  async start(): Promise<RunningNode> {
    const { config, identity, opened, log, clock } = this.#basis;
    const { timing, api } = config;
    const parts = this.#parts;
    await parts.snapshots.open();
    this.#closers.add('snapshots', () => parts.snapshots.stop());
    this.#closers.add('files', () =>
      Promise.all([parts.snapshotKeeper.stop(), parts.files.stop(), parts.past.stop()]).then(() => undefined),
    );
    parts.snapshotKeeper.start();
    this.#closers.add('network', () => parts.transport.stop());
    await parts.transport.start();
    this.#closers.add('replica', () => parts.replica.stop());
    const { keeper } = parts;
    if (keeper !== undefined) {
      this.#closers.add('archive', () => keeper.stop());
      keeper.start();
    }
    const ticker = new Ticker({
      clock,
      tickMs: timing.tickMs,
      tick: () => {
        parts.replica.tick();
        parts.snapshots.tick();
        parts.repairs.tick();
        parts.handover.look();
      },
      observeLateMs: (lateMs) => parts.metrics.tickLateMs(lateMs),
    });
    this.#closers.add('ticker', () => ticker.stop());
    ticker.start();
    this.#closers.add('scrubber', () => {
      parts.repairs.stop();
      return parts.scrubber.stop();
    });
    parts.scrubber.start();
    this.#closers.add('index', () => parts.indexer.stop());
    parts.indexer.start();
    // A node may learn at once that it was removed: then its API is closed before it ever listens.
    const failed = this.#stopped.promise.then((fault) => {
      throw fault ?? new AssentError('shutting-down', 'The node is stopping.');
    });
    const port = await Promise.race([this.#startApi(), failed]);
    const host = api.listen.host.includes(':') ? `[${api.listen.host}]` : api.listen.host;
    const apiUrl = `http://${host}:${port}`;
    log.logger.info({ api: apiUrl, version: programVersion, member: identity.member }, 'the node runs');
    return {
      nodeId: identity.key.nodeId,
      ledgerId: toHex(opened.ledger.ledgerId),
      apiUrl,
      p2pAddresses: parts.transport.listenAddresses(),
      stopped: this.#stopped.promise,
      fail: (error) => this.#fail(error),
      stop: () => this.#stop(undefined),
    };
  }

  async #startApi(): Promise<number> {
    const parts = this.#parts;
    const api = await startApi(this.#basis, parts, (error) => this.#fail(error));
    parts.api = api;
    // The API closes first: it may use half of the time for answers that are under way.
    this.#closers.add('api', async (deadlineMs) => {
      const stopped = api.http.stop(deadlineMs / 2);
      parts.waiters.close();
      parts.replica.closeWaits();
      await stopped;
    });
    return api.http.listening();
  }

  /** What the node cannot go on after. */
  #fail(error: Error): void {
    const code = error instanceof AssentError ? error.code : 'internal';
    this.#basis.log.logger.error({ code, error: messageOf(error), stack: error.stack }, 'the node stops');
    void this.#stop(error);
  }

  #stop(fault: Error | undefined): Promise<void> {
    this.#stopping ??= this.#stopOnce(fault);
    return this.#stopping;
  }

  async #stopOnce(fault: Error | undefined): Promise<void> {
    const { config, log, clock } = this.#basis;
    log.logger.info({}, 'the node is stopping');
    const { shutdownMs } = config.timing;
    if (fault === undefined) {
      const startMs = clock.monotonicMs();
      // While the API still answers: what it was given is committed by the next leader, and this node hears of it.
      await this.#parts.handover.run(shutdownMs / handoverShare);
      const leftMs = shutdownMs - (clock.monotonicMs() - startMs);
      await this.#closers.closeAll(Math.max(0, leftMs), log.logger);
    } else {
      // After a fault nothing that is under way can still be answered for.
      await this.#closers.closeAll(Math.min(shutdownMs, faultShutdownMs), log.logger);
    }
    this.#stopped.resolve(fault);
  }
}
