import type { Channel } from './channel.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

export interface ChannelLimits {
  /** The longest frame, without its length prefix. The receiver cuts off whoever announces a longer one. */
  readonly frameBytesMax: number;
  /** Frames that wait for one peer, and their bytes; more are refused. */
  readonly queueFramesMax: number;
  readonly queueBytesMax: number;
}

/** Every bound of the transport (protocol.md §11). */
export interface TransportLimits {
  readonly channels: Readonly<Record<Channel, ChannelLimits>>;
  /** Reconnecting: the delay doubles from min to max, jittered down to half. It never gives up. */
  readonly redialDelayMsMin: number;
  readonly redialDelayMsMax: number;
  /** One dial, all addresses of the peer together. */
  readonly dialTimeoutMs: number;
  /** Noise, muxer and protocol negotiation, each. */
  readonly handshakeTimeoutMs: number;
  /** How long a peer that broke the framing stays cut off. */
  readonly cutOffMs: number;
  /** A peer that got no heartbeat frame for this long is sent an empty one. */
  readonly keepAliveIntervalMs: number;
  /** After this many intervals without a byte from a peer its connections count as dead. */
  readonly silentIntervalsMax: number;
  /** Established connections, all peers together. */
  readonly connectionsMax: number;
  /** Inbound connections whose handshake is under way. */
  readonly pendingConnectionsMax: number;
  /** Inbound connections from one host in a second. */
  readonly inboundConnectionsPerSecondMax: number;
  /** Streams that one peer may hold open on a connection, negotiation included. */
  readonly inboundStreamsMax: number;
  /** Inbound connections of unknown keys that are asked for an introduction at a time. */
  readonly strangersMax: number;
  /** From the connection of a stranger until it is known, else its connection ends. */
  readonly introductionTimeoutMs: number;
  /** How long a stranger that was refused is denied, and how many of these are remembered, the latest. */
  readonly strangerBlockMs: number;
  readonly strangersBlockedMax: number;
  readonly introductionRequestBytesMax: number;
  readonly introductionAnswerBytesMax: number;
}

export const defaultLimits: TransportLimits = {
  channels: {
    heartbeat: { frameBytesMax: 64 * kibibyte, queueFramesMax: 1024, queueBytesMax: 512 * kibibyte },
    replication: { frameBytesMax: 4 * mebibyte, queueFramesMax: 4096, queueBytesMax: 16 * mebibyte },
    forwarding: { frameBytesMax: 512 * kibibyte, queueFramesMax: 4096, queueBytesMax: 4 * mebibyte },
    bulk: { frameBytesMax: 512 * kibibyte, queueFramesMax: 64, queueBytesMax: mebibyte },
  },
  redialDelayMsMin: 100,
  redialDelayMsMax: 5_000,
  dialTimeoutMs: 5_000,
  handshakeTimeoutMs: 3_000,
  cutOffMs: 10_000,
  keepAliveIntervalMs: 1_000,
  silentIntervalsMax: 5,
  connectionsMax: 64,
  pendingConnectionsMax: 32,
  inboundConnectionsPerSecondMax: 32,
  inboundStreamsMax: 16,
  strangersMax: 4,
  introductionTimeoutMs: 5_000,
  strangerBlockMs: 60_000,
  strangersBlockedMax: 1024,
  introductionRequestBytesMax: 256,
  introductionAnswerBytesMax: mebibyte,
};
