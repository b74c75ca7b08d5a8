import { connect, createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { AssentError, messageOf } from '../../../base/index.ts';
import type { LinkFaults, Relay } from './relay.ts';

/*
 * The relay is told what to do over a port of the loopback: one line of JSON, the faults that shall hold from now on, or
 * null to ask only; and one line back, the faults that hold.
 */

const host = '127.0.0.1';
const lineBytesMax = 64 * 1024;
const replyTimeoutMs = 5000;
/** Commands come one at a time. */
const connectionsMax = 8;
/** The longest that a link can be made to take, one way. */
export const delayMsMax = 60_000;

const number = z.int().min(1).max(99);
const linkFaults: z.ZodType<LinkFaults> = z.strictObject({
  cut: z.array(z.strictObject({ from: number, to: number })).max(100),
  delays: z.array(z.strictObject({ from: number, to: number, delayMs: z.int().min(1).max(delayMsMax) })).max(100),
});
const request = z.union([linkFaults, z.null()]);

/** Takes orders for the relay, until the server is closed. Rejects with the system's error when the port is taken. */
export function serveControl(relay: Relay, port: number): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.setTimeout(replyTimeoutMs, () => socket.destroy());
    onLine(socket, (line) => {
      const order = orderIn(line);
      if (order === undefined) socket.destroy();
      else {
        if (order !== null) relay.setFaults(order);
        socket.end(`${JSON.stringify(relay.faults)}\n`);
      }
    });
  });
  server.maxConnections = connectionsMax;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true }, () => resolve(server));
  });
}

function orderIn(line: string): z.infer<typeof request> | undefined {
  try {
    return request.parse(JSON.parse(line));
  } catch {
    return undefined; // No line of ours: some other program found the port.
  }
}

/** Asks the relay which faults hold, after setting them when they are given. Throws `node-unreachable`. */
export async function tellRelay(port: number, faults: LinkFaults | null): Promise<LinkFaults> {
  const reply = await new Promise<string>((resolve, reject) => {
    const refuse = (why: string): void => {
      socket.destroy();
      reject(new AssentError('node-unreachable', `The relay of the cluster's links at port ${port} ${why}.`, { port }));
    };
    const socket = connect({ host, port }, () => socket.write(`${JSON.stringify(faults)}\n`));
    socket.setTimeout(replyTimeoutMs, () => refuse('does not answer'));
    socket.on('error', (error) => refuse(`cannot be reached: ${messageOf(error)}`));
    socket.on('close', () => refuse('ended the connection'));
    onLine(socket, (line) => {
      resolve(line);
      socket.destroy();
    });
  });
  return linkFaults.parse(JSON.parse(reply));
}

/** Calls back with the first line; ends a connection on which there is none in bounds. */
function onLine(socket: Socket, callback: (line: string) => void): void {
  let text = '';
  socket.setEncoding('utf8');
  socket.on('data', (part) => {
    if (text.includes('\n')) return;
    text += String(part);
    const end = text.indexOf('\n');
    if (end >= 0) callback(text.slice(0, end));
    else if (text.length > lineBytesMax) socket.destroy();
  });
}
