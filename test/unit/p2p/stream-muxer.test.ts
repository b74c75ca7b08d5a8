import type { Socket } from 'node:net';
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { MessageStream, Stream } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import { createLibp2p, type Libp2p } from 'libp2p';
import { expect, onTestFinished, test } from 'vitest';
import { streamMuxer } from '../../../src/p2p/stream-muxer.ts';
import { seedOf, until } from './support.ts';

const protocol = '/test/1';
const windowBytes = 256 * 1024;

interface End {
  readonly node: Libp2p;
  readonly sockets: Socket[];
}

async function end(key: number): Promise<End> {
  const sockets: Socket[] = [];
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', seedOf(key)),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [streamMuxer({ enableKeepAlive: false, streamOptions: { maxStreamWindowSize: windowBytes } })],
    connectionProtector: () => ({
      protect: async (connection) => {
        sockets.push((connection as MessageStream & { readonly socket: Socket }).socket);
        return connection;
      },
    }),
    connectionMonitor: { enabled: false },
  });
  onTestFinished(() => node.stop());
  return { node, sockets };
}

/** A stream to another node, and how many bytes of data came in there. */
async function oneWay(): Promise<{ stream: Stream; socket: Socket; received: () => number }> {
  const [from, to] = [await end(1), await end(2)];
  let received = 0;
  await to.node.handle(protocol, (incoming) => {
    incoming.addEventListener('message', ({ data }) => {
      received += data.byteLength;
    });
  });
  const stream = await from.node.dialProtocol(to.node.getMultiaddrs(), protocol);
  const socket = from.sockets[0] as Socket;
  stream.send(new Uint8Array(1));
  await until('the stream is taken', () => received === 1 && Number(stream['state' as keyof Stream]) === 3);
  return { stream, socket, received: () => received };
}

test('small messages are not answered', async () => {
  const { stream, socket, received } = await oneWay();
  const answeredBefore = socket.bytesRead;
  for (let message = 1; message <= 100; message++) {
    stream.send(new Uint8Array(10));
    await until('it came', () => received() === 1 + 10 * message);
  }
  expect(socket.bytesRead).toBe(answeredBefore);
});

test('much more than a window passes', async () => {
  const { stream, received } = await oneWay();
  const piece = new Uint8Array(50_000);
  for (let sent = 0; sent < 20; sent++)
    if (!stream.send(piece)) await new Promise((resolve) => stream.addEventListener('drain', resolve, { once: true }));
  await until('all of it came', () => received() === 1 + 20 * piece.length);
  expect(received()).toBeGreaterThan(3 * windowBytes);
});
