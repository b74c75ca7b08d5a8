import type { Connection, Stream } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import {
  AssentError,
  assert,
  type Clock,
  InvariantError,
  type Logger,
  messageOf,
  present,
  type Random,
} from '../base/index.ts';
import type { NodeId } from '../crypto/index.ts';
import { Backoff } from './backoff.ts';
import { type Channel, channels } from './channel.ts';
import { ConnectionChoice } from './connection-choice.ts';
import { FrameParser } from './frame-parser.ts';
import { IntroductionWait } from './introduction-wait.ts';
import type { TransportLimits } from './limits.ts';
import { Outbox } from './outbox.ts';
import { Redialer } from './redialer.ts';
import type { PeerStatus } from './types.ts';

/** What all peers of a transport share. */
export interface PeerContext {
  readonly selfId: NodeId;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits: TransportLimits;
  /** Whether this node gives introductions. */
  readonly introduces: boolean;
  readonly protocolOf: (channel: Channel) => string;
  readonly dial: (addresses: readonly Multiaddr[], signal: AbortSignal) => Promise<void>;
  readonly onFrame: (from: NodeId, channel: Channel, frame: Uint8Array) => void;
}

const sharing = channels.filter((channel) => channel !== 'heartbeat');
const keepAliveFrame = new Uint8Array(0);

/** One admitted node: its channels, when to dial it, whether it is alive, and whether it is cut off. */
export class Peer {
  readonly nodeId: NodeId;
  readonly #context: PeerContext;
  readonly #outboxes: Readonly<Record<Channel, Outbox>>;
  readonly #choice: ConnectionChoice;
  readonly #backoff: Backoff;
  readonly #redialer: Redialer;
  readonly #introductionWait: IntroductionWait;
  readonly #introducedOn = new WeakSet<Connection>();
  readonly #dialExtraMs: number;
  #addresses: readonly Multiaddr[];
  #state: 'new' | 'started' | 'stopped' = 'new';
  #flushRequested = false;
  /** Which of the sharing channels comes next. */
  #turn = 0;
  #cutOffUntilMs = Number.NEGATIVE_INFINITY;
  #silentIntervals = 0;
  #heartbeatsAtTick = 0;
  #heartbeatsOut = 0;
  #lastSeenMs: number | undefined;
  #framesIn = 0;
  #framesOut = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #dropped = 0;
  #refused = 0;

  constructor(nodeId: NodeId, addresses: readonly Multiaddr[], context: PeerContext) {
    const { limits, clock, random } = context;
    this.nodeId = nodeId;
    this.#addresses = addresses;
    this.#context = context;
    this.#outboxes = {
      heartbeat: this.#outboxOf('heartbeat'),
      replication: this.#outboxOf('replication'),
      forwarding: this.#outboxOf('forwarding'),
      bulk: this.#outboxOf('bulk'),
    };
    const decides = context.selfId < nodeId;
    this.#choice = new ConnectionChoice({
      decides,
      clock,
      greetingTimeoutMs: limits.handshakeTimeoutMs,
      onUse: (connection) => this.#connected(connection),
      onLost: () => this.#disconnected(),
    });
    // The peer has this long from its end of the connection; the handshake was a little later here than there.
    const waitMs = limits.introductionTimeoutMs + limits.handshakeTimeoutMs;
    this.#introductionWait = new IntroductionWait(clock, context.introduces ? waitMs : undefined);
    this.#backoff = new Backoff(limits.redialDelayMsMin, limits.redialDelayMsMax, random);
    // The deciding end dials first: mostly, then, only one connection arises.
    this.#dialExtraMs = decides ? 0 : limits.redialDelayMsMin;
    this.#redialer = new Redialer({
      clock,
      backoff: this.#backoff,
      dialTimeoutMs: limits.dialTimeoutMs,
      dial: (signal) => this.#dial(signal),
      wanted: () => this.#state === 'started' && !this.connected && !this.cutOff && this.#addresses.length > 0,
    });
  }

  get connected(): boolean {
    return this.#choice.current !== undefined;
  }

  /** Whether the peer broke the framing a short while ago. */
  get cutOff(): boolean {
    return this.#context.clock.monotonicMs() < this.#cutOffUntilMs;
  }

  /** Looks for the peer until it is connected, and again whenever the connection is lost. */
  start(): void {
    this.#state = 'started';
    this.#redialer.schedule(this.#dialExtraMs);
  }

  /** From now on the peer is looked for there. The same addresses again change nothing, not even the next dial's time. */
  moveTo(addresses: readonly Multiaddr[]): void {
    const isSame =
      addresses.length === this.#addresses.length &&
      addresses.every((each, index) => each.equals(this.#addresses[index] as Multiaddr));
    this.#addresses = addresses;
    if (!isSame && this.#state === 'started' && !this.connected && !this.cutOff)
      this.#redialer.schedule(this.#dialExtraMs);
  }

  /** Ends everything with this peer for good. */
  stop(): void {
    this.#state = 'stopped';
    this.#redialer.stop();
    this.#choice.abort(new Error('the transport stops or the peer is no longer admitted'));
  }

  send(channel: Channel, frame: Uint8Array): boolean {
    if (!this.connected || !this.#outboxes[channel].push(frame)) {
      this.#dropped += 1;
      return false;
    }
    this.#framesOut += 1;
    this.#bytesOut += frame.length;
    if (channel === 'heartbeat') this.#heartbeatsOut += 1;
    this.#requestFlush();
    return true;
  }

  /** Takes over a new authenticated connection. */
  attach(connection: Connection): void {
    this.#choice.offer(connection);
  }

  /** Takes over a stream on which the peer sends. */
  receive(channel: Channel, stream: Stream, connection: Connection): void {
    const parser = new FrameParser(this.#context.limits.channels[channel].frameBytesMax, (frame) => {
      this.#framesIn += 1;
      this.#context.onFrame(this.nodeId, channel, frame);
    });
    stream.addEventListener('message', ({ data }) => {
      this.#heard(connection, data.byteLength);
      try {
        if (data instanceof Uint8Array) parser.push(data);
        else for (const part of data) parser.push(part);
      } catch (error) {
        if (!(error instanceof AssentError && error.code === 'frame-invalid')) throw error;
        this.#violated(channel, error);
      }
    });
    stream.addEventListener('remoteCloseWrite', () => {
      if (parser.midFrame) this.#violated(channel, new Error('the stream ended within a frame'));
      else stream.abort(new Error('the peer ended its stream'));
    });
  }

  /** Takes note that the peer, which does not know this node yet, asks for an introduction. False when it may not. */
  beginIntroduction(connection: Connection): boolean {
    // Only who was dialled can be ignorant of the other, and asks once.
    if (connection.direction !== 'outbound' || this.#introducedOn.has(connection)) return false;
    this.#introducedOn.add(connection);
    this.#choice.postpone(connection, this.#context.limits.introductionTimeoutMs);
    this.#silentIntervals = 0;
    this.#context.logger.info({ peer: this.nodeId }, 'peer asked for an introduction');
    return true;
  }

  /** The introduction is over: what was refused before may be sent now. */
  endIntroduction(): void {
    this.#introductionWait.end();
    this.#requestFlush();
  }

  /** Once in every keep-alive interval: shows a sign of life, and gives up connections that show none. */
  tick(): void {
    if (!this.connected) return;
    if (this.#heartbeatsOut === this.#heartbeatsAtTick) this.#showLife();
    this.#heartbeatsAtTick = this.#heartbeatsOut;
    // Counted in intervals rather than measured: a process that was paused itself does not blame its peers.
    this.#silentIntervals += 1;
    if (this.#silentIntervals > this.#context.limits.silentIntervalsMax) {
      this.#context.logger.warn({ peer: this.nodeId }, 'peer is silent; the connection counts as dead');
      this.#choice.abort(new Error('silent peer'));
    }
  }

  status(): PeerStatus {
    return {
      nodeId: this.nodeId,
      address: (this.#addresses[0] ?? this.#choice.current?.remoteAddr)?.toString().replace(/\/p2p\/.*$/, ''),
      connected: this.connected,
      lastSeenMs: this.#lastSeenMs,
      queuedBytes: channels.reduce((sum, channel) => sum + this.#outboxes[channel].waitingBytes, 0),
      framesIn: this.#framesIn,
      framesOut: this.#framesOut,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      dropped: this.#dropped,
      refused: this.#refused,
    };
  }

  #outboxOf(channel: Channel): Outbox {
    const { limits, logger } = this.#context;
    return new Outbox(limits.channels[channel], {
      openStream: () => this.#openStream(channel),
      requestFlush: () => this.#requestFlush(),
      failed: (error) => logger.debug({ peer: this.nodeId, channel, reason: messageOf(error) }, 'sending failed'),
      violated: (error) => this.#violated(channel, error),
    });
  }

  async #openStream(channel: Channel): Promise<Stream> {
    const connection = this.#choice.current;
    assert(connection !== undefined, 'streams are opened on a connection');
    const signal = AbortSignal.timeout(this.#context.limits.handshakeTimeoutMs);
    const { round } = this.#introductionWait;
    try {
      return await connection.newStream(this.#context.protocolOf(channel), { signal });
    } catch (error) {
      // Of no use any more unless an introduction follows: the peer is of another ledger, or is going away.
      if (!isReset(error) || !this.#introductionWait.reset(connection, round))
        connection.abort(new Error('a channel could not be opened', { cause: error }));
      throw error;
    }
  }

  /** Frames of one turn leave together, in one piece a channel. */
  #requestFlush(): void {
    if (this.#flushRequested) return;
    this.#flushRequested = true;
    queueMicrotask(() => {
      this.#flushRequested = false;
      this.flush();
    });
  }

  /** Sends what its streams take. Heartbeats first. The other channels take turns, a piece each, so that none of them starves. */
  flush(): void {
    if (!this.connected || this.#introductionWait.waiting) return;
    while (this.#outboxes.heartbeat.flushPiece());
    for (let refusals = 0; refusals < sharing.length; this.#turn = (this.#turn + 1) % sharing.length) {
      const channel = present(sharing[this.#turn], 'the turn is within the channels');
      refusals = this.#outboxes[channel].flushPiece() ? 0 : refusals + 1;
    }
  }

  async #dial(signal: AbortSignal): Promise<void> {
    try {
      await this.#context.dial(this.#addresses, signal);
    } catch (error) {
      if (error instanceof InvariantError) throw error;
      this.#context.logger.debug({ peer: this.nodeId, reason: messageOf(error) }, 'dial failed');
    }
  }

  #connected(connection: Connection): void {
    this.#context.logger.info({ peer: this.nodeId, direction: connection.direction }, 'peer connected');
    this.#silentIntervals = 0;
    this.#introductionWait.end();
    this.#showLife();
  }

  #disconnected(): void {
    this.#introductionWait.end();
    for (const channel of channels) {
      this.#dropped += this.#outboxes[channel].waitingFrames;
      this.#outboxes[channel].clear();
    }
    this.#context.logger.info({ peer: this.nodeId }, 'peer disconnected');
    this.#redialer.schedule(this.cutOff ? this.#context.limits.cutOffMs : this.#dialExtraMs);
  }

  /** An empty frame: greets a new connection, and opens the most urgent stream on it before the others. */
  #showLife(): void {
    this.#outboxes.heartbeat.push(keepAliveFrame);
    this.#requestFlush();
  }

  #heard(connection: Connection, bytes: number): void {
    this.#choice.greeted(connection);
    this.#bytesIn += bytes;
    this.#silentIntervals = 0;
    this.#lastSeenMs = this.#context.clock.nowMs();
    this.#backoff.reset();
  }

  #violated(channel: Channel, error: Error): void {
    this.cutOffFor(`${channel}: ${error.message}`);
  }

  /** Ends the connection and takes none for a while. */
  cutOffFor(reason: string): void {
    if (this.#state === 'stopped' || this.cutOff) return;
    const { cutOffMs } = this.#context.limits;
    this.#refused += 1;
    this.#cutOffUntilMs = this.#context.clock.monotonicMs() + cutOffMs;
    this.#context.logger.warn({ peer: this.nodeId, reason, cutOffMs }, 'peer cut off');
    this.#choice.abort(new Error(reason));
    // Where no connection ended, nothing else would dial again.
    if (this.#state === 'started') this.#redialer.schedule(cutOffMs);
  }
}

/** Whether the other end refused the stream, rather than the protocol, or answering at all. */
function isReset(error: unknown): boolean {
  return error instanceof Error && error.name === 'StreamResetError';
}
