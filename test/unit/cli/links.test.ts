import { connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { present } from '../../../src/base/index.ts';
import { serveControl, tellRelay } from '../../../src/cli/cluster/links/control.ts';
import { Relay } from '../../../src/cli/cluster/links/relay.ts';
import { choosePorts } from '../../../src/cli/cluster/ports.ts';
import { until } from '../../cluster/support.ts';

/** One end of a connection, and what has come there. */
interface End {
  readonly socket: Socket;
  readonly bytes: () => number;
  readonly text: () => string;
  readonly ended: () => boolean;
}

const bothWays = [
  { from: 1, to: 2 },
  { from: 2, to: 1 },
];

function endOf(socket: Socket): End {
  const parts: Buffer[] = [];
  let ended = false;
  socket.on('data', (part) => parts.push(part));
  socket.on('end', () => {
    ended = true;
  });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return {
    socket,
    bytes: () => parts.reduce((sum, part) => sum + part.length, 0),
    text: () => Buffer.concat(parts).toString(),
    ended: () => ended,
  };
}

/** A relay between node 1, which dials, and node 2, which listens. */
async function relayed(): Promise<{ relay: Relay; dial: () => End; accepted: End[] }> {
  const ports = await choosePorts(4, { start: 0, exact: false });
  const [port, otherPort, targetPort, nowherePort] = ports as [number, number, number, number];
  const accepted: End[] = [];
  const target = createServer({ allowHalfOpen: true }, (socket) => accepted.push(endOf(socket)));
  await new Promise<void>((resolve) => target.listen({ host: '127.0.0.1', port: targetPort }, resolve));
  const relay = new Relay([
    { from: 1, to: 2, port, targetPort },
    { from: 2, to: 1, port: otherPort, targetPort: nowherePort },
  ]);
  await relay.listen();
  onTestFinished(() => {
    target.close();
    relay.close();
  });
  return { relay, accepted, dial: () => endOf(connect({ host: '127.0.0.1', port, allowHalfOpen: true })) };
}

const firstOf = (accepted: readonly End[]): Promise<End> => until('the target was dialled', () => accepted[0]);

it('hands on bytes and ends, each way for itself', async () => {
  const { dial, accepted } = await relayed();
  const near = dial();
  near.socket.end('there');
  const far = await firstOf(accepted);
  await until('all has come', () => far.text() === 'there' && far.ended());
  expect(near.ended()).toBe(false);
  far.socket.end('and back');
  await until('all has come back', () => near.text() === 'and back' && near.ended());
});

it('holds bytes and ends while the link is cut, and hands on all of it in order when it is whole', async () => {
  const { relay, dial, accepted } = await relayed();
  const near = dial();
  near.socket.write('before ');
  const far = await firstOf(accepted);
  await until('it has come', () => far.text() === 'before ');
  relay.setFaults({ cut: [{ from: 1, to: 2 }], delays: [] });
  near.socket.end('during');
  far.socket.write('the other way is whole');
  await until('the other way is whole', () => near.text() === 'the other way is whole');
  expect([far.text(), far.ended()]).toEqual(['before ', false]);
  relay.setFaults({ cut: [], delays: [] });
  await until('the rest has come', () => far.ended());
  expect(far.text()).toBe('before during');
});

it('dials when the link is whole, and not for who has given up', async () => {
  const { relay, dial, accepted } = await relayed();
  relay.setFaults({ cut: bothWays, delays: [] });
  const gone = dial();
  await until('it is connected to the relay', () => !gone.socket.pending);
  gone.socket.end('nobody hears this');
  await until('the relay has let it go', () => gone.ended() || gone.socket.destroyed);
  const waiting = dial();
  waiting.socket.write('still here');
  relay.setFaults({ cut: [], delays: [] });
  expect((await firstOf(accepted)).socket.remotePort).toBeDefined();
  await until('it has come', () => accepted[0]?.text() === 'still here');
  expect(accepted).toHaveLength(1);
});

it('delays one way, and lets nothing overtake when the delay is taken back', async () => {
  const { relay, dial, accepted } = await relayed();
  const near = dial();
  near.socket.write('a');
  const far = await firstOf(accepted);
  relay.setFaults({ cut: [], delays: [{ from: 1, to: 2, delayMs: 300 }] });
  expect(relay.faults).toEqual({ cut: [], delays: [{ from: 1, to: 2, delayMs: 300 }] });
  const sentMs = performance.now();
  near.socket.write('b');
  far.socket.write('x');
  await until('the other way is not delayed', () => near.text() === 'x');
  relay.setFaults({ cut: [], delays: [] });
  near.socket.write('c');
  await until('all has come', () => far.text() === 'abc');
  expect(performance.now() - sentMs).toBeGreaterThanOrEqual(299);
});

it('takes no more from a sender than it may hold', async () => {
  const { relay, dial, accepted } = await relayed();
  const near = dial();
  near.socket.write('.');
  await firstOf(accepted);
  relay.setFaults({ cut: bothWays, delays: [] });
  const bytes = 64 * 1024 * 1024;
  near.socket.write(Buffer.alloc(bytes));
  let before = -1;
  await until('the sender has to wait', () => {
    const now = near.socket.bytesWritten - near.socket.writableLength;
    const stands = now === before;
    before = now;
    return stands;
  });
  expect(near.socket.writableLength).toBeGreaterThan(0);
  expect(accepted[0]?.bytes()).toBe(1);
  relay.setFaults({ cut: [], delays: [] });
  await until('all has come', () => accepted[0]?.bytes() === bytes + 1);
});

it('takes orders in its own form only', async () => {
  const { relay } = await relayed();
  const port = present((await choosePorts(1, { start: 0, exact: false }))[0], 'one was asked for');
  const server = await serveControl(relay, port);
  onTestFinished(() => void server.close());
  const faults = { cut: bothWays, delays: [] };
  expect(await tellRelay(port, faults)).toEqual(faults);
  const stranger = endOf(connect({ host: '127.0.0.1', port }));
  stranger.socket.write('POST / HTTP/1.1\r\n\r\n{"cut":[],"delays":[]}\n');
  await until('it was turned away', () => stranger.socket.destroyed);
  expect(stranger.text()).toBe('');
  expect(await tellRelay(port, null)).toEqual(faults);
  server.close();
  await expect(tellRelay(port, null)).rejects.toMatchObject({ code: 'node-unreachable' });
});
