import { connect as connectSocket, type Socket } from 'node:net';
import type { Connection, Libp2p } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { concatBytes, present } from '../../../src/base/index.ts';
import { protocolOf } from '../../../src/p2p/channel.ts';
import { type Channel, defaultLimits } from '../../../src/p2p/index.ts';
import { lengthOf, plainNode } from './intruder.ts';
import { codeOf, connect, ledgerId, nodeIdOf, stopAll, type TestNode, testNode, until } from './support.ts';

vi.setConfig({ testTimeout: 30_000 });

const foreignKey = 8;
const admittedKey = 9;
let one: TestNode;
let two: TestNode;
const intruders: Libp2p[] = [];

async function intruder(key: number): Promise<Libp2p> {
  const node = await plainNode(key);
  intruders.push(node);
  return node;
}

function target(): ReturnType<typeof multiaddr> {
  return multiaddr(`${one.address().addresses[0]}/p2p/${one.nodeId}`);
}

async function serves(): Promise<void> {
  const before = two.received.length;
  expect(one.transport.send(two.nodeId, 'replication', Uint8Array.of(1, 2, 3))).toBe(true);
  await until('the others are served', () => two.received.length === before + 1);
}

beforeEach(async () => {
  one = testNode(1, { limits: { handshakeTimeoutMs: 2_000 } });
  two = testNode(2);
  await connect(one, two);
});

afterEach(async () => {
  await Promise.all(intruders.splice(0).map((node) => node.stop()));
  await stopAll(one, two);
});

describe('a foreign key', () => {
  test('cannot open a stream: the connection ends with the handshake', async () => {
    const stranger = await intruder(foreignKey);
    let connection: Connection | undefined;
    try {
      connection = await stranger.dial(target());
      await connection.newStream(protocolOf(ledgerId, 'forwarding'));
      expect.unreachable('a stream was opened');
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
    await until('the connection is gone', () => stranger.getConnections().length === 0);
    expect(one.transport.connectionsDenied()).toBeGreaterThan(0);
    expect(one.warnings.some((line) => line.includes('denied') && line.includes(nodeIdOf(foreignKey)))).toBe(true);
    expect(one.transport.peers().map(({ nodeId }) => nodeId)).toEqual([two.nodeId]);
    await serves();
  });

  test('is not talked to when it answers at an admitted address', async () => {
    const stranger = await intruder(foreignKey);
    const address = present(stranger.getMultiaddrs()[0], 'it listens')
      .toString()
      .replace(/\/p2p\/.*/, '');
    let inbound = 0;
    await stranger.handle(protocolOf(ledgerId, 'heartbeat'), () => {
      inbound += 1;
    });
    one.transport.setPeers([two.address(), { nodeId: nodeIdOf(admittedKey), addresses: [address] }]);
    await until(
      'several dials failed',
      () => one.dialFailures.filter((id) => id === nodeIdOf(admittedKey)).length >= 3,
    );
    expect(one.statusOf(nodeIdOf(admittedKey))).toMatchObject({ connected: false, framesOut: 0 });
    expect(inbound).toBe(0);
    await serves();
  });
});

describe('garbage', () => {
  test('on the TCP port ends that socket and nothing else', async () => {
    const port = Number(present(one.address().addresses[0], 'it listens').split('/').at(-1));
    const closed: Promise<unknown>[] = [];
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      '\x13/multistream/1.0.0\n\x07/noise\n\xff\xff',
      '\x00'.repeat(100_000),
    ]) {
      const socket: Socket = connectSocket(port, '127.0.0.1');
      closed.push(new Promise((resolve) => socket.once('close', resolve)));
      socket.on('error', () => undefined); // A reset is what we want to see; 'close' follows it.
      socket.write(Buffer.from(bytes, 'latin1'));
    }
    await serves();
    await Promise.all(closed);
    await serves();
  });

  const floods: [string, Uint8Array][] = [
    ['announces too long a frame', Uint8Array.of(0x7f, 0xff, 0xff, 0xff)],
    ['announces one byte too many', lengthOf(defaultLimits.channels.forwarding.frameBytesMax + 1)],
    ['sends text', Buffer.from('POST /v1/transactions HTTP/1.1\r\n')],
    ['first behaves', concatBytes(lengthOf(2), Uint8Array.of(1, 2), Uint8Array.of(0xff, 0, 0, 0))],
  ];
  test.each(floods)('an admitted peer that %s is counted, named and cut off for a while', async (_, bytes) => {
    const peerId = nodeIdOf(admittedKey);
    one.transport.setPeers([two.address(), { nodeId: peerId, addresses: [] }]);
    const peer = await intruder(admittedKey);
    const connection = await sendRaw(peer, 'forwarding', bytes);
    await until('it is cut off', () => connection.status !== 'open' && !one.statusOf(peerId).connected);
    expect(one.statusOf(peerId).refused).toBe(1);
    expect(one.warnings).toContain(`peer cut off ${peerId}`);
    expect(await codeOf(sendRaw(peer, 'forwarding', lengthOf(0)))).not.toBe('resolved');
    await serves();
    await until('it may come back', () => tryAgain(peer, peerId));
    expect(one.statusOf(peerId).refused).toBe(1);
  });

  test('a peer whose frames are well framed and wrong in content is cut off by whoever reads them', async () => {
    one.transport.cutOff(two.nodeId, 'a vote signed by nobody');
    await until('it is cut off', () => !one.statusOf(two.nodeId).connected);
    expect(one.statusOf(two.nodeId).refused).toBe(1);
    expect(one.warnings).toContain(`peer cut off ${two.nodeId}`);
    await until('it may come back', () => one.statusOf(two.nodeId).connected && two.statusOf(one.nodeId).connected);
    await until('it is greeted and served', () => two.transport.send(one.nodeId, 'heartbeat', Uint8Array.of(1)));
  });

  test('a frame cut short by the end of its stream counts too', async () => {
    const peerId = nodeIdOf(admittedKey);
    one.transport.setPeers([two.address(), { nodeId: peerId, addresses: [] }]);
    const peer = await intruder(admittedKey);
    const connection = await peer.dial(target());
    const stream = await connection.newStream(protocolOf(ledgerId, 'bulk'));
    stream.send(concatBytes(lengthOf(5), Uint8Array.of(1)));
    await stream.close();
    await until('it is counted', () => one.statusOf(peerId).refused === 1);
    await serves();
  });

  test('an admitted peer cannot hold more streams than the bound', async () => {
    const peerId = nodeIdOf(admittedKey);
    one.transport.setPeers([two.address(), { nodeId: peerId, addresses: [] }]);
    const peer = await intruder(admittedKey);
    await peer.handle(protocolOf(ledgerId, 'heartbeat'), () => undefined);
    const connection = await sendRaw(peer, 'heartbeat', concatBytes(lengthOf(1), Uint8Array.of(1)));
    await until('the connection is in use', () => one.statusOf(peerId).connected);
    await Promise.all(Array.from({ length: 40 }, () => codeOf(connection.newStream(protocolOf(ledgerId, 'bulk')))));
    const open = () => connection.streams.filter(({ protocol }) => protocol === protocolOf(ledgerId, 'bulk')).length;
    await until('the surplus is gone', () => open() <= 2);
    expect(connection.status).toBe('open');
    expect(one.statusOf(peerId).connected).toBe(true);
    await serves();
  });
});

const attempts = new WeakSet<Libp2p>();
const returned = new WeakSet<Libp2p>();

/** Dials until the cut-off is over; a condition for `until`, which cannot wait for promises. */
function tryAgain(peer: Libp2p, peerId: string): boolean {
  if (!attempts.has(peer) && !returned.has(peer)) {
    attempts.add(peer);
    sendRaw(peer, 'forwarding', concatBytes(lengthOf(1), Uint8Array.of(7))).then(
      () => returned.add(peer),
      () => attempts.delete(peer),
    );
  }
  return one.received.some(({ from, frame }) => from === peerId && frame[0] === 7);
}

async function sendRaw(peer: Libp2p, channel: Channel, bytes: Uint8Array): Promise<Connection> {
  const connection = await peer.dial(target());
  const stream = await connection.newStream(protocolOf(ledgerId, channel));
  stream.send(bytes);
  return connection;
}
