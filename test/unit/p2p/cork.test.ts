import { connect, createServer, type Socket } from 'node:net';
import type { MessageStream } from '@libp2p/interface';
import { expect, onTestFinished, test } from 'vitest';
import { Corks } from '../../../src/p2p/cork.ts';

/** A corked socket, and what its other end receives, piece by piece. */
async function corkedSocket(): Promise<{ corks: Corks; socket: Socket; received: () => Promise<number> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const address = server.address();
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  const other = await accepted;
  onTestFinished(() => {
    socket.destroy();
    other.destroy();
    server.close();
  });
  const corks = new Corks();
  const connection: Partial<MessageStream> & { socket: Socket } = { socket };
  await corks.protector().protect(connection as MessageStream & { socket: Socket });
  const received = (): Promise<number> => new Promise((resolve) => other.once('data', ({ length }) => resolve(length)));
  return { corks, socket, received };
}

test('what one turn writes arrives in one piece', async () => {
  const { socket, received } = await corkedSocket();
  const piece = received();
  for (const length of [2, 100, 2, 50]) socket.write(new Uint8Array(length));
  expect(await piece).toBe(154);
});

test('a flush does not wait for the end of the turn, and what follows is gathered anew', async () => {
  const { corks, socket } = await corkedSocket();
  socket.write(new Uint8Array(100));
  expect(socket.writableCorked).toBe(1);
  corks.flush();
  expect(socket.writableCorked).toBe(0);
  socket.write(new Uint8Array(2));
  socket.write(new Uint8Array(50));
  expect(socket.writableCorked).toBe(1);
  await new Promise((resolve) => setImmediate(resolve));
  expect(socket.writableCorked).toBe(0);
});
