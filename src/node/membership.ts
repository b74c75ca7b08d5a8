import { AssentError, type Logger } from '../base/index.ts';
import { nodesOf } from '../contracts/index.ts';
import { encodeNodeId, type NodeId } from '../crypto/index.ts';
import type { Ledger } from '../ledger/index.ts';
import type { PeerAddresses, Transport } from '../p2p/index.ts';
import type { Membership } from './replica/index.ts';

/** Keeps the transport's peers those of the ledger's configuration, under the addresses that are known of them. */
export class PeerKeeper {
  readonly #ledger: Pick<Ledger, 'state'>;
  readonly #self: NodeId;
  readonly #configured: ReadonlyMap<NodeId, readonly string[]>;
  readonly #transport: Pick<Transport, 'setPeers'>;
  readonly #logger: Logger;
  #connected: ReadonlySet<NodeId> = new Set();
  /** Nodes whose address the ledger may know once the block of their change is applied: not always the next block. */
  #withoutAddress: readonly NodeId[] = [];

  constructor(options: {
    readonly ledger: Pick<Ledger, 'state'>;
    readonly self: NodeId;
    /** What the operator wrote goes before what the ledger says. */
    readonly configured: readonly PeerAddresses[];
    readonly transport: Pick<Transport, 'setPeers'>;
    readonly logger: Logger;
  }) {
    this.#ledger = options.ledger;
    this.#self = options.self;
    this.#configured = new Map(options.configured.map(({ nodeId, addresses }) => [nodeId, addresses]));
    this.#transport = options.transport;
    this.#logger = options.logger;
  }

  /** The configuration changed. */
  changed({ connected }: Membership): void {
    this.#connected = connected;
    this.#apply(this.#known());
  }

  /** A block was applied. */
  committed(): void {
    if (this.#withoutAddress.length === 0) return;
    const known = this.#known();
    if (this.#withoutAddress.some((nodeId) => known.has(nodeId))) this.#apply(known);
  }

  /** Addresses that the ledger has, as of the newest applied block. */
  #known(): ReadonlyMap<NodeId, string> {
    const known = new Map<NodeId, string>();
    for (const { nodeKey, address } of nodesOf(this.#ledger.state))
      if (address !== undefined) known.set(encodeNodeId(nodeKey), address);
    return known;
  }

  #apply(known: ReadonlyMap<NodeId, string>): void {
    const peers: PeerAddresses[] = [];
    for (const nodeId of this.#connected) {
      if (nodeId === this.#self) continue;
      const address = known.get(nodeId);
      peers.push({
        nodeId,
        addresses: this.#configured.get(nodeId) ?? (address === undefined ? [] : [multiaddrOf(address)]),
      });
    }
    this.#withoutAddress = peers.filter(({ addresses }) => addresses.length === 0).map(({ nodeId }) => nodeId);
    try {
      this.#transport.setPeers(peers);
    } catch (error) {
      if (!(error instanceof AssentError)) throw error;
      // An address in the ledger that none is must cost nobody their connections.
      this.#logger.warn({ reason: error.message }, 'a node has an address that cannot be dialled');
      this.#transport.setPeers(peers.map(({ nodeId }) => ({ nodeId, addresses: this.#configured.get(nodeId) ?? [] })));
    }
  }
}

/** `host:port` as a multiaddr. The host is an IPv4 address, an IPv6 address in brackets, or a name. */
export function multiaddrOf(address: string): string {
  const at = address.lastIndexOf(':');
  const host = address.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const protocol = /^\d+\.\d+\.\d+\.\d+$/.test(host) ? 'ip4' : host.includes(':') ? 'ip6' : 'dns';
  return `/${protocol}/${host}/tcp/${address.slice(at + 1)}`;
}

/** What a node says that has no more part in its ledger. */
export function removedError(height: number): AssentError {
  return new AssentError(
    'node-removed',
    `Block ${height} removed this node from the ledger for good: it stops. Its data directory can be kept as a record or deleted.`,
    { height },
  );
}
