import { z } from 'zod';
import { type ArchiveView, archiveView } from './archive.ts';
import { hashText, nodeIdText, wholeNumber } from './primitives.ts';

export interface PeerView {
  readonly nodeId: string;
  readonly address: string;
  readonly connected: boolean;
  /** Durable height as this node last heard, null when it never did. */
  readonly height: number | null;
  /** How long ago the peer was last heard, null when never. */
  readonly lagMs: number | null;
}

/** The node as it sees itself: `assent status --json`. */
export interface StatusView {
  readonly ledgerId: string;
  readonly ledgerName: string;
  readonly nodeId: string;
  readonly member: string;
  readonly role: 'leader' | 'follower' | 'candidate' | 'learner' | 'recovering';
  readonly term: number;
  /** Why this node signs no votes and no acks now, as a sentence; null when it may. */
  readonly withheld: string | null;
  /** Node id of the leader that this node follows, null when it knows none. */
  readonly leader: string | null;
  /** Applied height. */
  readonly height: number;
  readonly headHash: string;
  readonly stateRoot: string;
  readonly certifiedHeight: number;
  /** The first block that this node has beside its archive: 1, that of the snapshot with which it began, or the one above those that were pruned. */
  readonly firstBlockHeight: number;
  /** Blocks up to here were given up on this node and are read from its archive; 0 where none were. */
  readonly prunedThrough: number;
  /** The node's archive, null when it keeps none. */
  readonly archive: ArchiveView | null;
  /** The snapshot that is being taken in, null when none is. */
  readonly snapshot: { readonly height: number; readonly chunksHeld: number; readonly fromNode: string } | null;
  /** What the node's look at its own disk came across since it started. */
  readonly scrub: {
    /** Times that everything was looked at. */
    readonly passes: number;
    /** Damage that was found, and that was repaired. */
    readonly found: number;
    readonly repaired: number;
    /** Damage that is still there. */
    readonly open: number;
  };
  /** Why the node can give no snapshots to others or write none, as a sentence; null when it can. */
  readonly snapshotProblem: string | null;
  readonly configuration: {
    /** How often the ledger was founded anew after most of its nodes were lost. */
    readonly generation: number;
    readonly id: string;
    readonly voters: readonly string[];
    readonly learners: readonly string[];
  };
  readonly peers: readonly PeerView[];
  readonly ruleset: string;
  /** Kinds of transaction that the rule set knows. */
  readonly kinds: readonly string[];
  readonly version: string;
  readonly uptimeMs: number;
}

export interface HealthView {
  readonly ok: true;
}

export const statusView: z.ZodType<StatusView, StatusView> = z.object({
  ledgerId: hashText,
  ledgerName: z.string(),
  nodeId: nodeIdText,
  member: z.string(),
  role: z.enum(['leader', 'follower', 'candidate', 'learner', 'recovering']),
  term: wholeNumber,
  withheld: z.union([z.string(), z.null()]),
  leader: z.union([nodeIdText, z.null()]),
  height: wholeNumber,
  headHash: hashText,
  stateRoot: hashText,
  certifiedHeight: wholeNumber,
  firstBlockHeight: wholeNumber,
  prunedThrough: wholeNumber,
  archive: z.union([archiveView, z.null()]),
  snapshot: z.union([z.object({ height: wholeNumber, chunksHeld: wholeNumber, fromNode: nodeIdText }), z.null()]),
  scrub: z.object({ passes: wholeNumber, found: wholeNumber, repaired: wholeNumber, open: wholeNumber }),
  snapshotProblem: z.union([z.string(), z.null()]),
  configuration: z.object({
    generation: wholeNumber,
    id: hashText,
    voters: z.array(nodeIdText),
    learners: z.array(nodeIdText),
  }),
  peers: z.array(
    z.object({
      nodeId: nodeIdText,
      address: z.string(),
      connected: z.boolean(),
      height: z.union([wholeNumber, z.null()]),
      lagMs: z.union([wholeNumber, z.null()]),
    }),
  ),
  ruleset: z.string(),
  kinds: z.array(z.string()),
  version: z.string(),
  uptimeMs: wholeNumber,
});

export const healthView: z.ZodType<HealthView, HealthView> = z.object({ ok: z.literal(true) });
