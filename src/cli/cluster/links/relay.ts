import { createServer, type Server, Socket } from 'node:net';
import { present } from '../../../base/index.ts';
import { type Direction, Flow } from './flow.ts';

/** Where one node dials another: connections to `port` are handed on to `targetPort`. */
export interface Route {
  readonly from: number;
  readonly to: number;
  readonly port: number;
  readonly targetPort: number;
}

/** What is wrong with the links, by node numbers; each entry holds for what `from` sends to `to`. */
export interface LinkFaults {
  readonly cut: readonly { readonly from: number; readonly to: number }[];
  readonly delays: readonly { readonly from: number; readonly to: number; readonly delayMs: number }[];
}

const host = '127.0.0.1';
/** Connections of one route; more are closed at once. */
const connectionsMax = 32;

interface Connection {
  /** Connects to the target when the link is whole, and hands on what is due. */
  move(): void;
}

/** Relays TCP between the nodes of a local cluster, and cuts and delays links when told to. */
export class Relay {
  readonly #routes: readonly Route[];
  readonly #directions: ReadonlyMap<string, Direction>;
  readonly #servers = new Set<Server>();
  readonly #connections = new Set<Connection>();

  constructor(routes: readonly Route[]) {
    this.#routes = routes;
    this.#directions = new Map(routes.map(({ from, to }) => [nameOf(from, to), { cut: false, delayMs: 0 }]));
  }

  /** Listens on all routes. Rejects with the system's error when a port is taken. */
  async listen(): Promise<void> {
    await Promise.all(this.#routes.map((route) => this.#listen(route)));
  }

  /** Replaces all faults. Unknown nodes are left out. */
  setFaults({ cut, delays }: LinkFaults): void {
    for (const direction of this.#directions.values()) Object.assign(direction, { cut: false, delayMs: 0 });
    for (const { from, to } of cut) Object.assign(this.#directions.get(nameOf(from, to)) ?? {}, { cut: true });
    for (const { from, to, delayMs } of delays)
      Object.assign(this.#directions.get(nameOf(from, to)) ?? {}, { delayMs });
    for (const connection of [...this.#connections]) connection.move();
  }

  get faults(): LinkFaults {
    const ends = this.#routes.map(({ from, to }) => ({ from, to, ...this.#direction(from, to) }));
    return {
      cut: ends.filter(({ cut }) => cut).map(({ from, to }) => ({ from, to })),
      delays: ends.filter(({ delayMs }) => delayMs > 0).map(({ from, to, delayMs }) => ({ from, to, delayMs })),
    };
  }

  /** Takes no more connections; those that are open go on. */
  close(): void {
    for (const server of this.#servers) server.close();
  }

  #direction(from: number, to: number): Direction {
    return present(this.#directions.get(nameOf(from, to)), 'every pair of nodes has a route each way');
  }

  #listen(route: Route): Promise<void> {
    const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(route, socket),
    );
    server.maxConnections = connectionsMax;
    this.#servers.add(server);
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port: route.port, exclusive: true }, resolve);
    });
  }

  #accept({ from, to, targetPort }: Route, inbound: Socket): void {
    const [out, back] = [this.#direction(from, to), this.#direction(to, from)];
    const outbound = new Socket({ allowHalfOpen: true }).setNoDelay();
    const flows = [new Flow(inbound, outbound, out), new Flow(outbound, inbound, back)];
    const connection: Connection = {
      move() {
        if (outbound.pending && !outbound.connecting && !outbound.destroyed && !out.cut && !back.cut)
          outbound.connect({ host, port: targetPort });
        for (const flow of flows) flow.move();
      },
    };
    ignoreErrors(inbound);
    ignoreErrors(outbound);
    inbound.once('end', () => {
      // Who gave up dialling over a cut link was never heard.
      if (outbound.pending && !outbound.connecting) inbound.destroy();
    });
    this.#connections.add(connection);
    inbound.once('close', () => {
      this.#connections.delete(connection);
      if (outbound.pending && !outbound.connecting) outbound.destroy();
    });
    connection.move();
  }
}

function nameOf(from: number, to: number): string {
  return `${from}>${to}`;
}

/** The socket closes after an error, and its other end is told then. */
function ignoreErrors(socket: Socket): void {
  socket.on('error', () => undefined);
}
