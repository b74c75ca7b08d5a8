import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { AssentError } from '../../base/index.ts';

const host = '127.0.0.1';
const portMax = 65_535;
/** How far to look for free ports. */
const searchMax = 1000;
/** The API's ports begin here, the nodes' own a hundred above, and those of a relay between them two hundred. */
export const defaultBasePort = 7300;
export const p2pOffset = 100;
export const linkOffset = 200;

/** Whether nobody listens on the port now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Any free port below those that operating systems give to clients (from 32,768 on): a node takes its port again after a
 * restart, and nobody must have got it meanwhile by chance.
 */
const anyFrom = 16_384;
const anyTo = 32_768;

async function anyFree(): Promise<number> {
  for (let attempt = 0; attempt < searchMax; attempt++) {
    const port = randomInt(anyFrom, anyTo);
    if (await isFree(port)) return port;
  }
  throw new AssentError('port-in-use', `No free port was found between ${anyFrom} and ${anyTo}.`);
}

/**
 * Chooses `count` free ports: the first free ones from a start that nobody asked for, exactly the ones from a start that
 * somebody did, and any for 0. Throws `port-in-use`.
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
