import type { Connection, Libp2p, Stream } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { concatBytes } from '../../../src/base/index.ts';
import { protocolOf } from '../../../src/p2p/channel.ts';
import { channels, defaultLimits } from '../../../src/p2p/index.ts';
import { lengthOf, plainNode } from './intruder.ts';
import { codeOf, connect, ledgerId, nodeIdOf, stopAll, type TestNode, testNode, until } from './support.ts';

vi.setConfig({ testTimeout: 30_000 });

const introductionProtocol = protocolOf(ledgerId, 'introduction');
const strangerKey = 8;
const { strangersMax, inboundStreamsMax, introductionAnswerBytesMax } = defaultLimits;
const intruders: Libp2p[] = [];
const taken: Uint8Array[] = [];
let asked = 0;
let one: TestNode;
let two: TestNode;

/** A node that asks strangers, admits none, and answers with `answer`. */
function asking(number: number, introductionTimeoutMs: number, answer: Uint8Array = Uint8Array.of(1)): TestNode {
  return testNode(number, {
    limits: { introductionTimeoutMs },
    introduction: {
      request: () => Uint8Array.of(1, 2, 3),
      take: (_, bytes) => {
        taken.push(bytes);
        return false;
      },
      answer: () => {
        asked += 1;
        return answer;
      },
    },
  });
}

async function start(introductionTimeoutMs: number): Promise<void> {
  one = asking(1, introductionTimeoutMs);
  two = testNode(2);
  await connect(one, two);
}

async function intruder(key: number): Promise<Libp2p> {
  const node = await plainNode(key);
  intruders.push(node);
  return node;
}

const target = () => multiaddr(`${one.address().addresses[0]}/p2p/${one.nodeId}`);

async function servesPeers(): Promise<void> {
  const before = two.received.length;
  expect(one.transport.send(two.nodeId, 'replication', Uint8Array.of(1, 2, 3))).toBe(true);
  await until('the others are served', () => two.received.length > before);
  for (const node of [one, two]) expect(node.events).not.toContain('peer disconnected');
}

beforeEach(() => {
  taken.length = 0;
  asked = 0;
});

afterEach(async () => {
  await Promise.all(intruders.splice(0).map((node) => node.stop()));
  await stopAll(one, two);
});

function endWithin(stream: Stream): void {
  stream.send(lengthOf(9));
  void stream.close();
}

describe('a stranger that is asked for an introduction', () => {
  test('cannot open a stream: each is reset before a byte of it is read or answered', async () => {
    await start(600_000);
    const stranger = await intruder(strangerKey);
    await stranger.handle(introductionProtocol, () => undefined);
    const connection = await stranger.dial(target());
    for (const protocol of [...channels.map((channel) => protocolOf(ledgerId, channel)), introductionProtocol, '/x/1'])
      expect(await nameOf(connection.newStream(protocol))).toBe('StreamResetError');
    expect(connection.status).toBe('open');
    expect(one.transport.strangers().pending).toBe(1);
    expect(one.transport.peers().map(({ nodeId }) => nodeId)).toEqual([two.nodeId]);
    expect([one.received.length, asked]).toEqual([0, 0]);
    await servesPeers();
  });

  test('is refused when it goes on opening streams', async () => {
    await start(600_000);
    const stranger = await intruder(strangerKey);
    await stranger.handle(introductionProtocol, () => undefined);
    const connection = await stranger.dial(target());
    // One after the other: of those that come all at once before it listens, yamux resets some itself, uncounted.
    for (let index = 0; index <= inboundStreamsMax; index++)
      expect(await codeOf(connection.newStream(protocolOf(ledgerId, 'bulk')))).not.toBe('resolved');
    await refused(connection);
  });

  test('and says nothing is refused in time', async () => {
    await start(100);
    const stranger = await intruder(strangerKey);
    const requests: number[] = [];
    await stranger.handle(introductionProtocol, (stream) => {
      stream.addEventListener('message', ({ data }) => requests.push(data.byteLength));
    });
    await refused(await stranger.dial(target()));
    expect(requests.reduce((sum, bytes) => sum + bytes, 0)).toBe(4 + 3);
    expect(await codeOf(stranger.dial(target()).then((connection) => connection.newStream('/x/1')))).not.toBe(
      'resolved',
    );
    expect(one.transport.strangers().refused).toBe(1);
  });

  const silences: [string, (stream: Stream) => void][] = [
    ['sends text', (stream) => stream.send(Buffer.from('POST /v1/transactions HTTP/1.1\r\n'))],
    ['announces too long an answer', (stream) => stream.send(lengthOf(introductionAnswerBytesMax + 1))],
    ['sends endless nothing', (stream) => stream.send(new Uint8Array(introductionAnswerBytesMax + 8))],
    ['ends within its answer', endWithin],
    ['resets its stream', (stream) => stream.abort(new Error('no'))],
  ];
  test.each(silences)('and %s is refused without a word from it being judged', async (_, answer) => {
    await start(600_000);
    const stranger = await intruder(strangerKey);
    await stranger.handle(introductionProtocol, (stream) => {
      // Not before it was asked: what it would send in the negotiation is another matter.
      stream.addEventListener('message', () => answer(stream), { once: true });
    });
    await refused(await stranger.dial(target()));
    expect(taken).toEqual([]);
  });

  test('and answers wrongly is judged once, however much it says', async () => {
    await start(600_000);
    const stranger = await intruder(strangerKey);
    await stranger.handle(introductionProtocol, (stream) => {
      const answer = concatBytes(lengthOf(1), Uint8Array.of(5));
      stream.addEventListener('message', () => stream.send(concatBytes(answer, answer)), { once: true });
    });
    await refused(await stranger.dial(target()));
    expect(taken).toEqual([Uint8Array.of(5)]);
  });

  test('is one of a few; a flood of them changes nothing for known peers', async () => {
    await start(600_000);
    const flood = await Promise.all(Array.from({ length: 12 }, (_, index) => intruder(100 + index)));
    let pendingMost = 0;
    for (const stranger of flood) await stranger.handle(introductionProtocol, () => undefined);
    await Promise.all(
      flood.map(async (stranger) => {
        await codeOf(stranger.dial(target()));
        pendingMost = Math.max(pendingMost, one.transport.strangers().pending);
        await servesPeers();
      }),
    );
    const connected = () => flood.filter((stranger) => stranger.getConnections().length > 0).length;
    await until('the surplus is gone', () => connected() === strangersMax);
    expect(pendingMost).toBe(strangersMax);
    expect(one.transport.strangers()).toEqual({ pending: strangersMax, introduced: 0, refused: 0 });
    expect(one.transport.connectionsDenied()).toBe(flood.length - strangersMax);
    await flood.find((stranger) => stranger.getConnections().length > 0)?.stop();
    await until('one has a place again', () => one.transport.strangers().pending === strangersMax - 1);
    await servesPeers();
  });

  test('is not tolerated on a second connection', async () => {
    await start(600_000);
    const stranger = await intruder(strangerKey);
    await stranger.handle(introductionProtocol, () => undefined);
    const connection = await stranger.dial(target());
    await codeOf(stranger.dial(target(), { force: true }));
    await until('only one is left', () => stranger.getConnections().length === 1);
    expect(connection.status).toBe('open');
    expect(one.transport.strangers().pending).toBe(1);
  });

  async function refused(connection: Connection): Promise<void> {
    await until('it was refused', () => one.transport.strangers().refused === 1);
    await until('its connection is gone', () => connection.status !== 'open');
    expect(one.transport.strangers()).toEqual({ pending: 0, introduced: 0, refused: 1 });
    expect(one.warnings).toContain(`stranger refused ${nodeIdOf(strangerKey)}`);
    expect(one.transport.connectionsDenied()).toBe(1);
    await servesPeers();
  }
});

describe('an introduction', () => {
  test('is not given to a peer that dialled this node itself', async () => {
    await start(600_000);
    one.transport.setPeers([two.address(), { nodeId: nodeIdOf(strangerKey), addresses: [] }]);
    const peer = await intruder(strangerKey);
    const connection = await peer.dial(target());
    const stream = await connection.newStream(introductionProtocol);
    await until('the stream is reset', () => stream.status !== 'open');
    expect(asked).toBe(0);
    await servesPeers();
  });

  test('is given once a connection to a peer that was dialled, and garbage instead of a request ends the stream', async () => {
    await start(600_000);
    const peer = await intruder(strangerKey);
    const peerId = nodeIdOf(strangerKey);
    await peer.handle(protocolOf(ledgerId, 'heartbeat'), () => undefined);
    const addresses = peer.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/.*$/, ''));
    one.transport.setPeers([two.address(), { nodeId: peerId, addresses }]);
    await until('it was dialled', () => peer.getConnections().length === 1);
    for (const [bytes, times] of [
      [concatBytes(lengthOf(1), Uint8Array.of(1)), 1],
      [lengthOf(defaultLimits.introductionRequestBytesMax + 1), 1],
    ] as const) {
      const connection = peer.getConnections()[0] as Connection;
      const answered = await ask(connection, bytes);
      expect(answered).toBe(bytes.length === 5 ? 4 + 1 : 0);
      const again = await connection.newStream(introductionProtocol);
      await until('the second is reset', () => again.status !== 'open');
      expect(asked).toBe(times);
      const before = peer.getConnections()[0];
      before?.abort(new Error('another connection'));
      await until('it was dialled again', () => peer.getConnections().some((each) => each !== before));
    }
    expect(one.statusOf(two.nodeId).connected).toBe(true);
  });
});

/** Sends a request and counts the bytes that come back, until there is an answer or the stream is over. */
async function ask(connection: Connection, request: Uint8Array): Promise<number> {
  const stream = await connection.newStream(introductionProtocol);
  let bytes = 0;
  stream.addEventListener('message', ({ data }) => {
    bytes += data.byteLength;
  });
  stream.send(request);
  await until('it is answered or over', () => bytes >= 5 || stream.status !== 'open');
  stream.abort(new Error('enough'));
  return bytes;
}

async function nameOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'resolved',
    (error: unknown) => (error instanceof Error ? error.name : String(error)),
  );
}
