import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { ComponentLogger, ConnectionGater, Libp2p, Logger as Libp2pLogger, PeerId } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import type { Multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import type { NodeId } from '../crypto/index.ts';
import type { Corks } from './cork.ts';
import type { TransportLimits } from './limits.ts';
import { noiseEncrypter } from './noise-encrypter.ts';
import { streamMuxer } from './stream-muxer.ts';

/** yamux's initial window, fixed by its specification. Without its keep-alive pings it has no round-trip time and never grows. */
const windowBytes = 256 * 1024;
const idleSocketMs = 60_000;

/**
 * A libp2p node with the smallest surface: TCP (TCP_NODELAY is its default), noise, yamux, our protocols, and no service
 * at all: no identify, ping, discovery, routing or relay. Without identify nobody learns which protocols a peer speaks,
 * so each stream names exactly one and the peer declines what it does not know. Not started yet.
 *
 * `admits` and `admitsInbound` are asked with the key that the handshake proved, before any stream can be opened in
 * either direction; an inbound connection is asked about twice, before and after its muxer was negotiated.
 */
export async function createNode(options: {
  nodeKeySeed: Uint8Array;
  listenAddress: Multiaddr;
  limits: TransportLimits;
  admits: (nodeId: NodeId) => boolean;
  admitsInbound: (nodeId: NodeId) => boolean;
  corks: Corks;
}): Promise<Libp2p> {
  const { limits } = options;
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', options.nodeKeySeed),
    addresses: { listen: [options.listenAddress.toString()] },
    transports: [
      tcp({
        inboundSocketInactivityTimeout: idleSocketMs,
        outboundSocketInactivityTimeout: idleSocketMs,
        maxConnections: limits.connectionsMax + limits.pendingConnectionsMax,
      }),
    ],
    connectionEncrypters: [noiseEncrypter()],
    streamMuxers: [
      streamMuxer({
        enableKeepAlive: false,
        maxInboundStreams: limits.inboundStreamsMax,
        maxEarlyStreams: limits.inboundStreamsMax,
        streamOptions: { initialStreamWindowSize: windowBytes, maxStreamWindowSize: windowBytes },
      }),
    ],
    connectionProtector: options.corks.protector,
    connectionGater: gater(options.admits, options.admitsInbound),
    connectionManager: {
      maxConnections: limits.connectionsMax,
      maxIncomingPendingConnections: limits.pendingConnectionsMax,
      inboundConnectionThreshold: limits.inboundConnectionsPerSecondMax,
      inboundUpgradeTimeout: limits.handshakeTimeoutMs,
      inboundStreamProtocolNegotiationTimeout: limits.handshakeTimeoutMs,
      outboundStreamProtocolNegotiationTimeout: limits.handshakeTimeoutMs,
      dialTimeout: limits.dialTimeoutMs,
      addressDialTimeout: limits.dialTimeoutMs,
      reconnectRetries: 0,
      resolvers: {},
    },
    connectionMonitor: { enabled: false },
    logger: silence,
  });
}

type Admits = (nodeId: NodeId) => boolean;

function gater(admits: Admits, admitsInbound: Admits): ConnectionGater {
  const deny = (peerId: PeerId): boolean => !admits(peerId.toString());
  const denyInbound = (peerId: PeerId): boolean => !admitsInbound(peerId.toString());
  return {
    denyDialPeer: deny,
    denyOutboundConnection: deny,
    denyInboundEncryptedConnection: denyInbound,
    denyOutboundEncryptedConnection: deny,
    denyInboundUpgradedConnection: denyInbound,
    denyOutboundUpgradedConnection: deny,
  };
}

/** libp2p's own lines are for libp2p's developers; what an operator needs, the transport says itself. */
const silentLog: Libp2pLogger = Object.assign(() => undefined, {
  enabled: false,
  error: () => undefined,
  trace: () => undefined,
  newScope: () => silentLog,
});
const silence: ComponentLogger = { forComponent: () => silentLog };
