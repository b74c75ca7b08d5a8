import type { Connection, Libp2p } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import { AssentError, assert, messageOf, type Timer } from '../base/index.ts';
import { createSigner, encodeNodeId, type NodeId } from '../crypto/index.ts';
import { listenMultiaddr, peerMultiaddrs } from './address.ts';
import { type Channel, channels, protocolOf } from './channel.ts';
import { Corks } from './cork.ts';
import { answerIntroduction } from './introduction-answer.ts';
import type { IntroductionContext } from './introduction-request.ts';
import { createNode } from './libp2p-node.ts';
import { defaultLimits, type TransportLimits } from './limits.ts';
import { Peer, type PeerContext } from './peer.ts';
import { Strangers } from './strangers.ts';
import type { PeerAddresses, PeerStatus, StrangerCounts, Transport, TransportOptions } from './types.ts';

const noStrangers: StrangerCounts = { pending: 0, introduced: 0, refused: 0 };
/** One stream a direction is in use; the second allows for one that is being replaced. */
const streamsPerChannelMax = 2;

/** A transport that is not started yet. Throws AssentError `configuration-invalid` for an address that is none. */
export function createTransport(options: TransportOptions): Transport {
  return new Libp2pTransport(options);
}

class Libp2pTransport implements Transport {
  readonly nodeId: NodeId;
  readonly #options: TransportOptions;
  readonly #limits: TransportLimits;
  readonly #listenAddress: Multiaddr;
  readonly #context: PeerContext;
  readonly #introductionContext: IntroductionContext | undefined;
  readonly #strangers: Strangers | undefined;
  readonly #corks = new Corks();
  readonly #peers = new Map<NodeId, Peer>();
  #node: Libp2p | undefined;
  #state: 'new' | 'starting' | 'started' | 'stopped' = 'new';
  #tickTimer: Timer | undefined;
  #connectionsDenied = 0;

  constructor(options: TransportOptions) {
    this.nodeId = encodeNodeId(createSigner(options.nodeKeySeed).publicKey);
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#listenAddress = listenMultiaddr(options.listenAddress.host, options.listenAddress.port);
    this.#context = {
      selfId: this.nodeId,
      clock: options.clock,
      random: options.random,
      logger: options.logger,
      limits: this.#limits,
      introduces: options.introduction !== undefined,
      protocolOf: (channel) => protocolOf(options.ledgerId, channel),
      dial: (addresses, signal) => this.#dial(addresses, signal),
      onFrame: options.onFrame,
    };
    const { introduction, ledgerId, clock, logger } = options;
    if (introduction !== undefined) {
      const context = { introduction, protocol: protocolOf(ledgerId, 'introduction'), limits: this.#limits, clock };
      this.#introductionContext = context;
      this.#strangers = new Strangers({
        context,
        logger,
        forget: async ({ remotePeer }) => this.#node?.peerStore.delete(remotePeer),
      });
    }
    this.setPeers(options.peers);
  }

  async start(): Promise<void> {
    assert(this.#state === 'new', 'a transport is started once');
    this.#state = 'starting';
    this.#node = await this.#listen();
    if (this.#stopRequested()) return this.#node.stop();
    this.#state = 'started';
    for (const peer of this.#peers.values()) peer.start();
    this.#scheduleTick();
    this.#options.logger.info({ addresses: this.listenAddresses().join(' ') }, 'transport listens');
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#tickTimer?.cancel();
    this.#strangers?.stop();
    for (const peer of this.#peers.values()) peer.stop();
    await this.#node?.stop();
  }

  readonly listenAddresses = (): readonly string[] =>
    (this.#node?.getMultiaddrs() ?? []).map((address) => address.toString().replace(/\/p2p\/.*$/, ''));

  send(to: NodeId, channel: Channel, frame: Uint8Array): boolean {
    assert(frame.length > 0, 'a frame has at least one byte');
    return this.#peers.get(to)?.send(channel, frame) ?? false;
  }

  flush(): void {
    for (const peer of this.#peers.values()) peer.flush();
    this.#corks.flush();
  }

  readonly peers = (): readonly PeerStatus[] => [...this.#peers.values()].map((peer) => peer.status());

  readonly connectionsDenied = (): number => this.#connectionsDenied + this.strangers().refused;

  readonly strangers = (): StrangerCounts => this.#strangers?.counts ?? noStrangers;

  setPeers(admitted: readonly PeerAddresses[]): void {
    const addressesOf = new Map<NodeId, readonly Multiaddr[]>();
    for (const each of admitted) if (each.nodeId !== this.nodeId) addressesOf.set(each.nodeId, peerMultiaddrs(each));
    for (const [nodeId, peer] of this.#peers) {
      if (addressesOf.has(nodeId)) continue;
      this.#peers.delete(nodeId);
      peer.stop();
    }
    for (const [nodeId, addresses] of addressesOf) this.#admit(nodeId, addresses);
  }

  #admit(nodeId: NodeId, addresses: readonly Multiaddr[]): void {
    const known = this.#peers.get(nodeId);
    if (known !== undefined) {
      known.moveTo(addresses);
      return;
    }
    const peer = new Peer(nodeId, addresses, this.#context);
    this.#peers.set(nodeId, peer);
    const connection = this.#strangers?.release(nodeId);
    if (this.#state === 'started') peer.start();
    if (connection !== undefined) peer.attach(connection);
  }

  /** A method, since the compiler does not expect the state to change during an await. */
  #stopRequested(): boolean {
    return this.#state === 'stopped';
  }

  async #listen(): Promise<Libp2p> {
    const node = await createNode({
      nodeKeySeed: this.#options.nodeKeySeed,
      listenAddress: this.#listenAddress,
      limits: this.#limits,
      admits: (nodeId) => this.#admits(nodeId),
      admitsInbound: (nodeId) => this.#toleratesStranger(nodeId) || this.#admits(nodeId),
      corks: this.#corks,
    });
    node.addEventListener('connection:open', ({ detail }) => this.#attach(detail));
    const streams = { maxInboundStreams: streamsPerChannelMax, maxOutboundStreams: streamsPerChannelMax };
    for (const channel of channels) {
      await node.handle(
        this.#context.protocolOf(channel),
        (stream, connection) => {
          const peer = this.#peers.get(connection.remotePeer.toString());
          if (peer === undefined) stream.abort(new Error('the peer is no longer admitted'));
          else peer.receive(channel, stream, connection);
        },
        streams,
      );
    }
    if (this.#introductionContext !== undefined) await this.#handleIntroductions(node, this.#introductionContext);
    try {
      await node.start();
    } catch (error) {
      throw listenError(error, this.#listenAddress);
    }
    return node;
  }

  async #handleIntroductions(node: Libp2p, context: IntroductionContext): Promise<void> {
    await node.handle(
      context.protocol,
      async (stream, connection) => {
        const peer = this.#peers.get(connection.remotePeer.toString());
        if (peer === undefined || !peer.beginIntroduction(connection)) {
          stream.abort(new Error('there is no introduction for this peer'));
          return;
        }
        await answerIntroduction(stream, peer.nodeId, context);
        peer.endIntroduction();
      },
      { maxInboundStreams: 1, maxOutboundStreams: 1 },
    );
  }

  async #dial(addresses: readonly Multiaddr[], signal: AbortSignal): Promise<void> {
    assert(this.#node !== undefined, 'only a started transport dials');
    await this.#node.dial([...addresses], { signal });
  }

  #attach(connection: Connection): void {
    const peer = this.#peers.get(connection.remotePeer.toString());
    if (this.#state === 'stopped') connection.abort(new Error('the transport stops'));
    else if (peer !== undefined) peer.attach(connection);
    else if (!this.#strangers?.meet(connection)) {
      this.#connectionsDenied += 1;
      connection.abort(new Error('the key is not in the configuration'));
    }
  }

  cutOff(nodeId: NodeId, reason: string): void {
    this.#peers.get(nodeId)?.cutOffFor(reason);
  }

  #toleratesStranger(nodeId: NodeId): boolean {
    return !this.#peers.has(nodeId) && this.#strangers?.tolerates(nodeId) === true;
  }

  /** The member gate (protocol.md §10). */
  #admits(nodeId: NodeId): boolean {
    const peer = this.#peers.get(nodeId);
    if (peer !== undefined) return !peer.cutOff;
    this.#connectionsDenied += 1;
    // Bounded by the limit on inbound connections per second.
    this.#options.logger.warn({ peer: nodeId }, 'connection denied: the key is not in the configuration');
    return false;
  }

  #scheduleTick(): void {
    this.#tickTimer = this.#options.clock.after(this.#limits.keepAliveIntervalMs, () => {
      for (const peer of this.#peers.values()) peer.tick();
      this.#scheduleTick();
    });
  }
}

/** libp2p gives the operating system's code only within its message. */
function listenError(error: unknown, address: Multiaddr): AssentError {
  const message = messageOf(error);
  if (message.includes('EADDRINUSE'))
    return new AssentError('port-in-use', `another program listens on ${address}`, {}, { cause: error });
  return new AssentError('address-unavailable', `cannot listen on ${address}: ${message}`, {}, { cause: error });
}
