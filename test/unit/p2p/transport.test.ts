import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import { type Channel, channels, defaultLimits } from '../../../src/p2p/index.ts';
import { codeOf, connect, framesOf, introduce, nodeIdOf, stopAll, type TestNode, testNode, until } from './support.ts';

vi.setConfig({ testTimeout: 30_000 });

const nodes: TestNode[] = [];

function started(...each: TestNode[]): TestNode[] {
  nodes.push(...each);
  return each;
}

afterEach(async () => {
  await stopAll(...nodes.splice(0));
});

function pattern(length: number, start: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (start + index * 7) & 0xff);
}

describe('three nodes', () => {
  test('exchange frames on every channel, whole and in order', async () => {
    const trio = started(testNode(1), testNode(2), testNode(3));
    await connect(...trio);
    const lengths = [1, 3, 100, 65_530, 2, 64 * 1024, 5];
    for (const from of trio)
      for (const to of trio)
        if (from !== to)
          for (const channel of channels)
            for (const [index, length] of lengths.entries())
              expect(from.transport.send(to.nodeId, channel, pattern(length, index))).toBe(true);
    const expected = lengths.map((length, index) => toHex(pattern(length, index)));
    const complete = lengths.length * channels.length * 2;
    await until('all frames arrived', () => trio.every((node) => node.received.length === complete));
    for (const from of trio)
      for (const to of trio)
        if (from !== to) for (const channel of channels) expect(framesOf(to, from.nodeId, channel)).toEqual(expected);
    await until('greetings are out', () => (trio[0] as TestNode).statusOf(nodeIdOf(2)).queuedBytes === 0);
    const status = (trio[0] as TestNode).statusOf(nodeIdOf(2));
    expect(status).toMatchObject({
      connected: true,
      queuedBytes: 0,
      framesOut: 28,
      framesIn: 28,
      refused: 0,
      dropped: 0,
    });
    expect(status.lastSeenMs).toBeGreaterThan(0);
  });

  test('the longest frame of every channel passes, and the longest of all does not hold the others up', async () => {
    const [one, two] = started(testNode(1), testNode(2)) as [TestNode, TestNode];
    await connect(one, two);
    const longest: [Channel, Uint8Array][] = channels.map((channel) => [
      channel,
      pattern(defaultLimits.channels[channel].frameBytesMax, 3),
    ]);
    for (const [channel, frame] of longest.toReversed())
      expect(one.transport.send(two.nodeId, channel, frame)).toBe(true);
    await until('all arrived', () => two.received.length === longest.length);
    for (const [channel, frame] of longest) expect(framesOf(two, one.nodeId, channel)).toEqual([toHex(frame)]);
    expect(two.received.at(-1)?.channel).toBe('replication');
  });
});

describe('the queue', () => {
  test('refuses when full instead of growing, and goes on once there is room', async () => {
    const [one, two] = started(testNode(1), testNode(2)) as [TestNode, TestNode];
    await connect(one, two);
    await until('the greeting is out', () => one.statusOf(two.nodeId).queuedBytes === 0);
    const frame = pattern(256 * 1024, 0);
    let accepted = 0;
    while (one.transport.send(two.nodeId, 'bulk', frame)) accepted += 1;
    expect(accepted).toBe(3); // Three of 256 KiB and their headers fit into 1 MiB; nothing leaves within the turn.
    expect(one.statusOf(two.nodeId)).toMatchObject({ dropped: 1, queuedBytes: 3 * (frame.length + 4) });
    expect(one.transport.send(two.nodeId, 'heartbeat', pattern(10, 0))).toBe(true);
    await until('the queue is empty', () => one.statusOf(two.nodeId).queuedBytes === 0);
    expect(one.transport.send(two.nodeId, 'bulk', frame)).toBe(true);
    await until('all accepted frames arrived', () => two.received.length === accepted + 2);
    expect(two.received[0]?.channel).toBe('heartbeat');
  });

  test('a receiver that stalls fills the queue of the sender, and a heartbeat passes the replication that waits', async () => {
    const [one, two] = started(testNode(1), testNode(2)) as [TestNode, TestNode];
    await connect(one, two);
    const frame = pattern(512 * 1024, 0);
    one.transport.send(two.nodeId, 'replication', pattern(1, 0));
    await until('the stream is open', () => two.received.length === 1);
    // Both run in this process: as long as this loop does not yield, the receiver is stalled.
    let accepted = 0;
    for (; accepted < 100 && one.transport.send(two.nodeId, 'replication', frame); accepted++) await Promise.resolve();
    const queueBytesMax = defaultLimits.channels.replication.queueBytesMax;
    // One window of yamux is under way, what a socket buffers too; all else waits where it is counted.
    expect(accepted * frame.length).toBeLessThan(queueBytesMax + 1024 * 1024);
    expect(one.statusOf(two.nodeId).queuedBytes).toBeGreaterThan(queueBytesMax - 2 * frame.length);
    expect(one.transport.send(two.nodeId, 'heartbeat', pattern(10, 0))).toBe(true);
    await until('the heartbeat arrived', () => framesOf(two, one.nodeId, 'heartbeat').length === 1);
    expect(one.statusOf(two.nodeId).queuedBytes).toBeGreaterThan(0);
    await until('the rest arrived', () => one.statusOf(two.nodeId).queuedBytes === 0);
  });

  test('to a node that is unknown, or known and not connected, nothing is queued', async () => {
    const [one] = started(testNode(1, { peers: [{ nodeId: nodeIdOf(2), addresses: ['/ip4/127.0.0.1/tcp/9'] }] })) as [
      TestNode,
    ];
    await one.transport.start();
    expect(one.transport.send(nodeIdOf(2), 'heartbeat', pattern(1, 1))).toBe(false);
    expect(one.transport.send(nodeIdOf(9), 'heartbeat', pattern(1, 1))).toBe(false);
    expect(one.statusOf(nodeIdOf(2))).toMatchObject({ connected: false, queuedBytes: 0, dropped: 1 });
  });
});

describe('connections', () => {
  test('a node that restarts on its port is found again, from either side', async () => {
    for (const [stays, restarts] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const [first, second] = started(testNode(stays), testNode(restarts)) as [TestNode, TestNode];
      await connect(first, second);
      const port = Number(second.address().addresses[0]?.split('/').at(-1));
      await second.transport.stop();
      await until('the loss is noticed', () => !first.statusOf(second.nodeId).connected);
      expect(first.transport.send(second.nodeId, 'heartbeat', pattern(1, 1))).toBe(false);
      const [again] = started(testNode(restarts, { port })) as [TestNode];
      await again.transport.start();
      introduce(first, again);
      await until(
        'they are connected',
        () => first.statusOf(again.nodeId).connected && again.statusOf(first.nodeId).connected,
      );
      expect(first.transport.send(again.nodeId, 'forwarding', pattern(9, 1))).toBe(true);
      expect(again.transport.send(first.nodeId, 'forwarding', pattern(9, 2))).toBe(true);
      await until('frames flow both ways', () => first.received.length === 1 && again.received.length === 1);
      await stopAll(...nodes.splice(0));
    }
  });

  test('two nodes that dial each other at the same moment agree on one connection and lose nothing', async () => {
    for (let round = 0; round < 10; round++) {
      const limits = { redialDelayMsMin: 2 };
      const [one, two] = started(testNode(1, { limits }), testNode(2, { limits })) as [TestNode, TestNode];
      await connect(one, two);
      for (const [from, to] of [
        [one, two],
        [two, one],
      ] as const)
        for (let index = 0; index < 20; index++)
          expect(from.transport.send(to.nodeId, 'replication', pattern(100, index))).toBe(true);
      await until('every frame arrived', () => one.received.length === 20 && two.received.length === 20);
      await stopAll(...nodes.splice(0));
    }
  });

  test('a node that is no longer admitted is cut, and admitted again comes back', async () => {
    const [one, two, three] = started(testNode(1), testNode(2), testNode(3)) as [TestNode, TestNode, TestNode];
    await connect(one, two, three);
    one.transport.setPeers([three.address()]);
    expect(one.transport.peers().map(({ nodeId }) => nodeId)).toEqual([three.nodeId]);
    await until('the other side notices', () => !two.statusOf(one.nodeId).connected);
    await until('its dials are denied', () => one.transport.connectionsDenied() > 1);
    expect(one.transport.peers()).toHaveLength(1);
    expect(one.statusOf(three.nodeId).connected).toBe(true);
    introduce(one, two, three);
    await until('it is back', () => two.statusOf(one.nodeId).connected && one.statusOf(two.nodeId).connected);
  });

  test('nodes of two ledgers exchange nothing', async () => {
    const [one, two] = started(testNode(1), testNode(2, { ledgerId: new Uint8Array(32).fill(1) })) as [
      TestNode,
      TestNode,
    ];
    await Promise.all([one.transport.start(), two.transport.start()]);
    introduce(one, two);
    const breaks = () => [...one.events, ...two.events].filter((event) => event === 'peer disconnected').length;
    await until('they met and parted several times', () => breaks() >= 3);
    for (const node of [one, two])
      expect(node.transport.peers()).toMatchObject([{ framesIn: 0, bytesIn: 0, lastSeenMs: undefined }]);
    expect([...one.received, ...two.received]).toEqual([]);
  });

  test('a peer that keeps silent is given up', async () => {
    const limits = { keepAliveIntervalMs: 20, silentIntervalsMax: 3 };
    const [one, two] = started(
      testNode(1, { limits }),
      testNode(2, { limits: { keepAliveIntervalMs: 3_600_000 } }),
    ) as [TestNode, TestNode];
    await connect(one, two);
    await until('the silence is noticed', () =>
      one.warnings.some((line) => line.includes('silent') && line.includes(two.nodeId)),
    );
    await until('the connection is renewed', () => one.statusOf(two.nodeId).connected);
  });

  test('an idle pair stays connected by signs of life that nobody is bothered with', async () => {
    const limits = { keepAliveIntervalMs: 20, silentIntervalsMax: 10 };
    const [one, two] = started(testNode(1, { limits }), testNode(2, { limits })) as [TestNode, TestNode];
    await connect(one, two);
    await until('many signs of life passed', () => one.statusOf(two.nodeId).bytesIn > 4 * 30);
    expect(one.warnings).toEqual([]);
    expect([...one.received, ...two.received]).toEqual([]);
  });
});

describe('start and stop', () => {
  test('a port in use is said so', async () => {
    const [one] = started(testNode(1)) as [TestNode];
    await one.transport.start();
    const port = Number(one.address().addresses[0]?.split('/').at(-1));
    expect(await codeOf(started(testNode(2, { port }))[0]?.transport.start() as Promise<void>)).toBe('port-in-use');
  });

  test('an address that is none is said so', () => {
    const peer = (text: string) => () => testNode(1, { peers: [{ nodeId: nodeIdOf(2), addresses: [text] }] });
    for (const text of ['127.0.0.1:4001', '/ip4/127.0.0.1', '/ip4/127.0.0.1/udp/1', '/ip4/127.0.0.1/tcp/1/ws', ''])
      expect(peer(text)).toThrow(expect.objectContaining({ code: 'configuration-invalid' }));
    for (const text of ['/ip6/::1/tcp/1', '/dns4/node.example/tcp/4001', '/dns/localhost/tcp/1'])
      expect(peer(text)).not.toThrow();
    expect(() => testNode(1, { peers: [{ nodeId: 'somebody', addresses: [] }] })).toThrow(/node id/);
  });

  test('stopping aborts a dial that hangs in its handshake, and ends the connection for the other side', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    const limits = { handshakeTimeoutMs: 600_000, dialTimeoutMs: 600_000 };
    const node = testNode(1, { limits, peers: [{ nodeId: nodeIdOf(2), addresses: [`/dns4/localhost/tcp/${port}`] }] });
    await node.transport.start();
    await until('it dials', () => sockets.length === 1);
    await node.transport.stop();
    await until('its socket is closed', () => sockets.every((socket) => socket.resume().closed));
    expect(sockets).toHaveLength(1);
    await new Promise((resolve) => mute.close(resolve));
  });

  test('a pair that stops leaves no socket behind', async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind.startsWith('TCP')).length;
    await until('those of the tests before are gone', () => sockets() === 0);
    const [one, two] = [testNode(1), testNode(2)];
    await connect(one, two);
    expect(sockets()).toBeGreaterThan(0);
    await stopAll(one, two);
    await until('they are gone', () => sockets() === 0);
  });

  test('stopping during the start and during dials leaves nothing behind', async () => {
    const peers = [{ nodeId: nodeIdOf(2), addresses: ['/ip4/192.0.2.1/tcp/9'] }]; // TEST-NET-1: nobody answers.
    const node = testNode(1, { peers });
    const start = node.transport.start();
    await node.transport.stop();
    await start;
    expect(node.transport.listenAddresses()).toEqual([]);
  });
});
