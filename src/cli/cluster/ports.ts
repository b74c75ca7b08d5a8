import { createServer } from 'node:net';
import { AssentError } from '../../base/index.ts';

const host = '127.0.0.1';
const portMax = 65_535;
/** How far to look for free ports. */
const searchMax = 1000;
/** The API's ports begin here, and the nodes' own a hundred above. */
export const defaultBasePort = 7300;
export const p2pOffset = 100;

/** Whether nobody listens on the port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** A free port, as the operating system chooses. */
async function anyFree(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host, port: 0 }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Chooses `count` free ports: the first free ones from a start that nobody asked for, exactly the ones from a start that
 * somebody did, and whatever the operating system gives for 0. Throws `port-in-use`.
 */
export async function choosePorts(
  count: number,
  from: { readonly start: number; readonly exact: boolean },
): Promise<number[]> {
  const ports: number[] = [];
  if (from.start === 0) {
    while (ports.length < count) {
      const port = await anyFree();
      if (!ports.includes(port)) ports.push(port);
    }
    return ports;
  }
  for (let port = from.start; ports.length < count; port++) {
    if (port > portMax || port > from.start + searchMax)
      throw new AssentError('port-in-use', `No ${count} free ports were found from ${from.start} on.`);
    if (await isFree(port)) ports.push(port);
    else if (from.exact) throw new AssentError('port-in-use', `Port ${port} is in use by another program.`, { port });
  }
  return ports;
}
