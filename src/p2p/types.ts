import type { Clock, Logger, Random } from '../base/index.ts';
import type { NodeId } from '../crypto/index.ts';
import type { Channel } from './channel.ts';
import type { TransportLimits } from './limits.ts';

/** A node of the configuration and where it listens: multiaddrs such as `/ip4/192.0.2.1/tcp/4001` or `/dns4/…/tcp/…`. */
export interface PeerAddresses {
  readonly nodeId: NodeId;
  readonly addresses: readonly string[];
}

export interface PeerStatus {
  readonly nodeId: NodeId;
  /** The address of the connection in use, else the first configured one. */
  readonly address: string | undefined;
  readonly connected: boolean;
  /** Wall-clock time of the last byte from this peer. */
  readonly lastSeenMs: number | undefined;
  readonly queuedBytes: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Frames that {@link Transport.send} answered with false, or that were queued when the connection broke. */
  readonly dropped: number;
  /** How often the peer broke the framing and was cut off. */
  readonly refused: number;
}

/**
 * How nodes that do not know one another yet become known: whoever is dialled by an unknown key asks it, and what it
 * answers must prove by itself that the key belongs to the ledger. None of these may throw, whatever the bytes are.
 */
export interface Introduction {
  /** What a stranger is asked: opaque, 1 to 256 bytes. */
  request(): Uint8Array;
  /**
   * Judges what a stranger answered: 1 byte to 1 MiB. True when it proved itself; by then {@link Transport.setPeers} was
   * called with it. False ends the connection, and the stranger is denied for a minute.
   */
  take(from: NodeId, answer: Uint8Array): boolean;
  /** What a peer of this node is told that asks: at most 1 MiB; nothing ends the request. At most once a connection. */
  answer(to: NodeId, request: Uint8Array): Uint8Array;
}

export interface StrangerCounts {
  /** Connections of unknown keys that wait for their introduction. */
  readonly pending: number;
  /** Strangers that became peers while they waited. */
  readonly introduced: number;
  /** Strangers that did not, and were denied for a while. */
  readonly refused: number;
}

export interface TransportOptions {
  /** Ed25519 seed of the node key: 32 bytes. */
  readonly nodeKeySeed: Uint8Array;
  /** 32 bytes; nodes of different ledgers have no protocol in common. */
  readonly ledgerId: Uint8Array;
  /** An IP address and a TCP port; port 0 takes a free one. */
  readonly listenAddress: { readonly host: string; readonly port: number };
  /** The nodes of the configuration. This node itself may be among them and is passed over. */
  readonly peers: readonly PeerAddresses[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Takes a frame that arrived whole. The bytes are the receiver's own. Called once a frame, in order per channel. */
  readonly onFrame: (from: NodeId, channel: Channel, frame: Uint8Array) => void;
  /** Absent: unknown keys are denied, and nobody is given an introduction. */
  readonly introduction?: Introduction;
  readonly limits?: Partial<TransportLimits>;
}

/** Frames to and from the admitted nodes (protocol.md §10). Started once, stopped once. */
export interface Transport {
  readonly nodeId: NodeId;
  /** Binds and begins to dial. Throws AssentError `port-in-use`, `address-unavailable`. */
  start(): Promise<void>;
  /** Ends dials, connections and timers; resolves when no handle is left. */
  stop(): Promise<void>;
  /** The multiaddrs that are listened on, with the port in use. Empty unless started. */
  readonly listenAddresses: () => readonly string[];
  /**
   * Queues a frame, 1 byte up to the channel's bound; the caller must not change it afterwards. False when it was
   * dropped (not connected, queue full): the caller relies on its own resending.
   */
  send(to: NodeId, channel: Channel, frame: Uint8Array): boolean;
  /** Sends what is queued now, not at the end of the turn: for when the turn has other work to do. */
  flush(): void;
  readonly peers: () => readonly PeerStatus[];
  /** Connections and dials that were denied because their key is not admitted, those of refused strangers included. */
  readonly connectionsDenied: () => number;
  readonly strangers: () => StrangerCounts;
  /** Ends the connection with a peer whose frames were wrong in content, and takes none from it for a while. */
  cutOff(nodeId: NodeId, reason: string): void;
  /**
   * Replaces the set of admitted nodes, at any time. New ones are dialled where they have an address; connections of
   * dropped ones end at once, and they are denied; kept ones are not disturbed. Throws AssentError
   * `configuration-invalid`, having changed nothing, for an address that is none.
   */
  setPeers(peers: readonly PeerAddresses[]): void;
}
