import type { Connection } from '@libp2p/interface';
import type { Logger } from '../base/index.ts';
import type { NodeId } from '../crypto/index.ts';
import { type IntroductionContext, IntroductionRequest } from './introduction-request.ts';
import type { StrangerCounts } from './types.ts';

/**
 * Keys that dialled this node and that it does not know: few at a time are asked for an introduction, all others are
 * denied. A node that lagged behind while the configuration changed learns of the new nodes this way (protocol.md §5).
 */
export class Strangers {
  readonly #context: IntroductionContext;
  readonly #logger: Logger;
  readonly #forget: (connection: Connection) => Promise<void>;
  readonly #pending = new Map<NodeId, IntroductionRequest>();
  /** In the order in which they end. */
  readonly #blockedUntilMs = new Map<NodeId, number>();
  #introduced = 0;
  #refused = 0;

  constructor(options: {
    context: IntroductionContext;
    logger: Logger;
    /** Drops what libp2p keeps of a stranger that was refused; it would keep it for ever. */
    forget: (connection: Connection) => Promise<void>;
  }) {
    this.#context = options.context;
    this.#logger = options.logger;
    this.#forget = options.forget;
  }

  get counts(): StrangerCounts {
    return { pending: this.#pending.size, introduced: this.#introduced, refused: this.#refused };
  }

  /** Whether a connection of this key would be tolerated now. */
  tolerates(nodeId: NodeId): boolean {
    return (
      this.#pending.size < this.#context.limits.strangersMax && !this.#pending.has(nodeId) && !this.#isBlocked(nodeId)
    );
  }

  /** Takes over a new inbound connection, or answers false: then it is to be ended. */
  meet(connection: Connection): boolean {
    const nodeId = connection.remotePeer.toString();
    if (connection.direction !== 'inbound' || connection.status !== 'open' || !this.tolerates(nodeId)) return false;
    const request = new IntroductionRequest(connection, this.#context);
    this.#pending.set(nodeId, request);
    this.#logger.info({ peer: nodeId }, 'stranger asked for an introduction');
    void request.run().then((failure) => this.#ended(request, nodeId, failure));
    return true;
  }

  /** The key is admitted from now on. Its connection, if it has one here, is handed over. */
  release(nodeId: NodeId): Connection | undefined {
    this.#blockedUntilMs.delete(nodeId);
    const request = this.#pending.get(nodeId);
    if (request === undefined) return undefined;
    this.#pending.delete(nodeId);
    request.end();
    return request.connection.status === 'open' ? request.connection : undefined;
  }

  stop(): void {
    for (const request of this.#pending.values()) request.end('the transport stops');
  }

  async #ended(request: IntroductionRequest, nodeId: NodeId, failure: string | undefined): Promise<void> {
    if (failure === undefined) {
      this.#introduced += 1;
      this.#logger.info({ peer: nodeId }, 'stranger introduced');
      return;
    }
    this.#pending.delete(nodeId);
    this.#refused += 1;
    this.#block(nodeId);
    this.#logger.warn({ peer: nodeId, reason: failure }, 'stranger refused');
    await this.#forget(request.connection);
  }

  #block(nodeId: NodeId): void {
    const { strangerBlockMs, strangersBlockedMax } = this.#context.limits;
    this.#blockedUntilMs.delete(nodeId);
    // Whoever has so many keys would come back with a fresh one anyway.
    for (const oldest of this.#blockedUntilMs.keys()) {
      if (this.#blockedUntilMs.size < strangersBlockedMax) break;
      this.#blockedUntilMs.delete(oldest);
    }
    this.#blockedUntilMs.set(nodeId, this.#context.clock.monotonicMs() + strangerBlockMs);
  }

  #isBlocked(nodeId: NodeId): boolean {
    const untilMs = this.#blockedUntilMs.get(nodeId);
    return untilMs !== undefined && this.#context.clock.monotonicMs() < untilMs;
  }
}
