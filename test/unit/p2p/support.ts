import { type Clock, type Logger, messageOf, silentLogger, toHex } from '../../../src/base/index.ts';
import { createSigner, encodeNodeId, type NodeId, systemRandom } from '../../../src/crypto/index.ts';
import {
  type Channel,
  createTransport,
  type Introduction,
  type PeerAddresses,
  type PeerStatus,
  type Transport,
  type TransportLimits,
} from '../../../src/p2p/index.ts';

export const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};

export const ledgerId: Uint8Array = new Uint8Array(32).fill(0xa5);

export function seedOf(number: number): Uint8Array {
  return new Uint8Array(32).fill(number);
}

export function nodeIdOf(number: number): NodeId {
  return encodeNodeId(createSigner(seedOf(number)).publicKey);
}

export interface Received {
  readonly from: NodeId;
  readonly channel: Channel;
  readonly frame: Uint8Array;
}

export interface TestNode {
  readonly transport: Transport;
  readonly nodeId: NodeId;
  readonly received: Received[];
  readonly warnings: string[];
  readonly events: string[];
  readonly dialFailures: string[];
  /** What a peer of this node needs to know. Its port is known once it is started. */
  address(): PeerAddresses;
  statusOf(nodeId: NodeId): PeerStatus;
}

export const quickLimits: Partial<TransportLimits> = {
  redialDelayMsMin: 10,
  redialDelayMsMax: 100,
  cutOffMs: 300,
  // A machine that is busy with other tests must not look like a peer that does not answer.
  handshakeTimeoutMs: 20_000,
};

/** A transport on an ephemeral loopback port. What it receives is kept. */
export function testNode(
  number: number,
  options: {
    port?: number;
    limits?: Partial<TransportLimits>;
    ledgerId?: Uint8Array;
    peers?: PeerAddresses[];
    introduction?: Introduction;
    clock?: Clock;
  } = {},
): TestNode {
  const received: Received[] = [];
  const warnings: string[] = [];
  const events: string[] = [];
  const dialFailures: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    debug: (fields, message) => message === 'dial failed' && dialFailures.push(String(fields['peer'])),
    info: (_, message) => events.push(message),
    warn: (fields, message) => warnings.push(`${message} ${fields['peer']}`),
  };
  const transport = createTransport({
    nodeKeySeed: seedOf(number),
    ledgerId: options.ledgerId ?? ledgerId,
    listenAddress: { host: '127.0.0.1', port: options.port ?? 0 },
    peers: options.peers ?? [],
    clock: options.clock ?? clock,
    random: systemRandom,
    logger,
    onFrame: (from, channel, frame) => received.push({ from, channel, frame }),
    ...(options.introduction === undefined ? {} : { introduction: options.introduction }),
    limits: { ...quickLimits, ...options.limits },
  });
  return {
    transport,
    nodeId: transport.nodeId,
    received,
    warnings,
    events,
    dialFailures,
    address: () => ({ nodeId: transport.nodeId, addresses: transport.listenAddresses() }),
    statusOf(nodeId) {
      const status = transport.peers().find((peer) => peer.nodeId === nodeId);
      if (status === undefined) throw new Error(`no peer ${nodeId}`);
      return status;
    },
  };
}

/** Starts the nodes, tells each about all, and waits until every pair is connected. */
export async function connect(...nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.transport.start()));
  introduce(...nodes);
  await until('all pairs are connected', () =>
    nodes.every((node) => node.transport.peers().every(({ connected }) => connected)),
  );
}

export function introduce(...nodes: readonly TestNode[]): void {
  const addresses = nodes.map((node) => node.address());
  for (const node of nodes) node.transport.setPeers(addresses);
}

export async function stopAll(...nodes: readonly TestNode[]): Promise<void> {
  await Promise.all(nodes.map((node) => node.transport.stop()));
}

/** Waits for a condition; fails, naming it, when it does not come true within the bound. */
export async function until(what: string, condition: () => boolean, timeoutMs = 15_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** The code of the AssentError that a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'resolved';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : messageOf(error);
  }
}

export function framesOf(node: TestNode, from: NodeId, channel: Channel): string[] {
  return node.received
    .filter((each) => each.from === from && each.channel === channel)
    .map(({ frame }) => toHex(frame));
}
