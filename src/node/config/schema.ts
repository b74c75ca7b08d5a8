import { z } from 'zod';
import { decodeDid } from '../../crypto/index.ts';
import { keepBlocksMin, type Retention } from '../archive/retention.ts';

/** Where a service listens. Port 0 takes a free one. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface PeerConfig {
  readonly nodeId: string;
  /** Multiaddrs such as `/ip4/192.0.2.1/tcp/7400`. */
  readonly addresses: readonly string[];
}

/** The content of `node.json`. File names are relative to the file's own folder. docs/configuration.md lists all. */
export interface NodeConfig {
  /** Folder of the database and the mark file. */
  readonly directory: string;
  /** The node's Ed25519 seed; readable by its owner only. */
  readonly nodeKeyFile: string;
  /** The genesis that the consortium agreed on. */
  readonly genesisFile: string;
  /** The member that runs the node; a node of the genesis has it from there. */
  readonly member?: string | undefined;
  readonly p2p: { readonly listen: ListenAddress; readonly peers: readonly PeerConfig[] };
  /** Loopback only, until the API authenticates its callers. */
  readonly api: { readonly listen: ListenAddress };
  readonly timing: {
    readonly tickMs: number;
    readonly heartbeatTicks: number;
    /** Shortest election timeout; each is chosen between it and its double. */
    readonly electionTicks: number;
    /** How long a stop may take before it is forced. */
    readonly shutdownMs: number;
  };
  readonly limits: {
    /** HTTP requests under way. */
    readonly requestsMax: number;
    /** Submitted transactions without an outcome. */
    readonly outstandingTransactionsMax: number;
    /** Their bytes. */
    readonly outstandingBytesMax: number;
  };
  /** Where blocks are archived. Absent: they are not. */
  readonly archive?: { readonly directory: string } | undefined;
  /** What is kept beside the archive, at least. Absent: everything, unless somebody prunes. */
  readonly retention?: Retention | undefined;
  readonly snapshots: {
    /** A newcomer that lags by more begins with a snapshot. */
    readonly lagBlocks: number;
    /** Where snapshots and backups are written. */
    readonly directory: string;
    /** After so many blocks, or bytes of blocks, one is written; absent: when somebody asks. */
    readonly everyBlocks?: number | undefined;
    readonly everyBytes?: number | undefined;
    /** So many of the newest stay. */
    readonly keep: number;
  };
  readonly scrub: {
    /** Of what the node holds, so much is looked at a second, in the background. */
    readonly bytesPerSecond: number;
    /** Between one look at everything and the next. */
    readonly pauseMs: number;
  };
  /** DIDs of witnesses whose cosignatures the node keeps, besides those of the members. */
  readonly witnesses: readonly string[];
  readonly log: {
    readonly level: 'debug' | 'info' | 'warn' | 'error';
    /** Absent: standard error. */
    readonly file?: string | undefined;
  };
}

const host = z.union([z.ipv4(), z.ipv6()], 'expected an IP address');
const listen = (port: number) =>
  z.strictObject({ host: host.default('127.0.0.1'), port: z.int().min(0).max(65_535).default(port) }).prefault({});

const fileName = z.string().min(1).max(1024);

/** Refuses what it does not know: a misspelt setting must not fall back to its default in silence. */
export const nodeConfigSchema: z.ZodType<NodeConfig> = z
  .strictObject({
    directory: fileName.default('data'),
    nodeKeyFile: fileName.default('node.key'),
    genesisFile: fileName.default('genesis'),
    member: z.string().min(1).max(63).optional(),
    p2p: z
      .strictObject({
        listen: listen(7400),
        peers: z
          .array(
            z.strictObject({
              nodeId: z.string().regex(/^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/, 'expected a node id: 12D3Koo…'),
              addresses: z.array(z.string().startsWith('/', 'expected a multiaddr: /ip4/…/tcp/…')).min(1).max(8),
            }),
          )
          .max(64)
          .default([]),
      })
      .prefault({}),
    api: z.strictObject({ listen: listen(7300) }).prefault({}),
    timing: z
      .strictObject({
        tickMs: z.int().min(1).max(1000).default(25),
        heartbeatTicks: z.int().min(1).max(1000).default(4),
        electionTicks: z.int().min(2).max(100_000).default(40),
        shutdownMs: z.int().min(100).max(600_000).default(10_000),
      })
      .refine((timing) => timing.electionTicks >= 4 * timing.heartbeatTicks, {
        path: ['electionTicks'],
        message: 'expected at least four times heartbeatTicks',
      })
      .prefault({}),
    limits: z
      .strictObject({
        requestsMax: z.int().min(1).max(100_000).default(2048),
        outstandingTransactionsMax: z.int().min(1).max(1_000_000).default(16_384),
        outstandingBytesMax: z
          .int()
          .min(1024)
          .max(1024 * 1024 * 1024)
          .default(64 * 1024 * 1024),
      })
      .prefault({}),
    archive: z.strictObject({ directory: fileName }).optional(),
    retention: z
      .strictObject({
        keepBlocks: z.int().min(keepBlocksMin).max(Number.MAX_SAFE_INTEGER).optional(),
        keepDays: z.int().min(1).max(36_500).optional(),
      })
      .refine(({ keepBlocks, keepDays }) => keepBlocks !== undefined || keepDays !== undefined, {
        message: 'expected keepBlocks, keepDays or both',
      })
      .optional(),
    snapshots: z
      .strictObject({
        lagBlocks: z.int().min(1).max(1_000_000_000).default(128),
        directory: fileName.default('snapshots'),
        everyBlocks: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
        everyBytes: z.int().min(1024).max(Number.MAX_SAFE_INTEGER).optional(),
        keep: z.int().min(1).max(1000).default(2),
      })
      .prefault({}),
    scrub: z
      .strictObject({
        bytesPerSecond: z
          .int()
          .min(1024)
          .max(1024 * 1024 * 1024)
          .default(2 * 1024 * 1024),
        pauseMs: z.int().min(10).max(86_400_000).default(60_000),
      })
      .prefault({}),
    witnesses: z
      .array(z.string().refine((did) => decodeDid(did) !== undefined, 'expected a key: did:assent:z6Mk…'))
      .max(64)
      .default([]),
    log: z
      .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info'), file: fileName.optional() })
      .prefault({}),
  })
  .refine(({ archive, retention }) => retention === undefined || archive !== undefined, {
    path: ['retention'],
    message: 'expected archive.directory beside it: only what is archived is given up',
  });
