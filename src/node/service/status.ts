import type { PeerView, StatusView } from '../../api/index.ts';
import { AssentError, toHex } from '../../base/index.ts';
import type { Configuration } from '../../consensus/index.ts';
import type { NodeId } from '../../crypto/index.ts';
import type { Ledger } from '../../ledger/index.ts';
import type { Transport } from '../../p2p/index.ts';
import type { HistoryKeeper } from '../archive/index.ts';
import type { Replica, ReplicaStatus } from '../replica/index.ts';
import type { ScrubCounts } from '../scrub/index.ts';
import type { SnapshotProgress } from '../snapshots/index.ts';
import { programVersion } from '../version.ts';

export interface StatusSources {
  readonly ledger: Ledger;
  readonly replica: Pick<Replica, 'status'>;
  readonly transport: Pick<Transport, 'peers'>;
  readonly nodeId: NodeId;
  readonly member: string;
  readonly snapshot: () => SnapshotProgress | undefined;
  /** What keeps the node from giving snapshots, as a sentence. */
  readonly snapshotProblem: () => string | undefined;
  readonly keeper: Pick<HistoryKeeper, 'status'> | undefined;
  readonly scrub: () => ScrubCounts;
  readonly nowMs: () => number;
  /** Milliseconds since the node started. */
  readonly uptimeMs: () => number;
}

/** The node as it sees itself: `assent status --json`. */
export function statusView(sources: StatusSources): StatusView {
  const { ledger, nodeId, member } = sources;
  const status = sources.replica.status();
  const { applied, genesis } = ledger;
  const { generation, hash: configurationHash, nodes } = status.configuration;
  return {
    ledgerId: toHex(ledger.ledgerId),
    ledgerName: genesis.content.ledgerName,
    nodeId,
    member,
    role: roleOf(status),
    term: status.term,
    withheld: withheldSentence(status),
    leader: status.leader ?? null,
    height: applied.height,
    headHash: toHex(applied.hash),
    stateRoot: toHex(applied.stateRoot),
    certifiedHeight: status.certifiedHeight,
    firstBlockHeight: ledger.firstBlockHeight,
    prunedThrough: ledger.prunedThrough,
    archive: sources.keeper?.status() ?? null,
    snapshot: sources.snapshot() ?? null,
    scrub: scrubView(sources.scrub()),
    snapshotProblem: sources.snapshotProblem() ?? null,
    configuration: {
      generation,
      id: toHex(configurationHash),
      voters: idsOf(nodes, 'voter'),
      learners: idsOf(nodes, 'learner'),
    },
    peers: peerViews(sources, status),
    ruleset: ledger.executor.ruleSet,
    kinds: [...ledger.executor.kinds],
    version: programVersion,
    uptimeMs: Math.round(sources.uptimeMs()),
  };
}

function scrubView({ passes, found, repaired, open }: ScrubCounts): StatusView['scrub'] {
  const sum = (counts: ScrubCounts['found']): number =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  return { passes, found: sum(found), repaired: sum(repaired), open };
}

/** Why this node can have nothing committed now; undefined when it can. */
export function unreadiness(status: ReplicaStatus): AssentError | undefined {
  if (roleOf(status) === 'recovering')
    return new AssentError(
      'recovering',
      `The node has lost memory and takes no part. ${withheldSentence(status) ?? ''}`,
    );
  if (status.sealRefusal === 'clock-fault') return new AssentError('clock-fault', 'The clocks of a majority disagree.');
  if (status.leader === undefined) return new AssentError('no-quorum', 'No leader with a majority is known.');
  return undefined;
}

/** Why the node signs nothing now; null when it may. */
function withheldSentence({ withheld, contradiction }: ReplicaStatus): string | null {
  if (withheld === undefined) return null;
  const because = contradiction === undefined ? '' : `: ${contradiction}`;
  return `${withheldSentences[withheld]}${because}.`;
}

const withheldSentences: Record<NonNullable<ReplicaStatus['withheld']>, string> = {
  'start-up': 'It has just started, and a majority has yet to say what it holds of this key',
  'mark-lost': 'Blocks that it acked are gone from its disk, and it fetches them from the others first',
  contradicted: 'Its disk was rolled back, so it has to come back under a new key',
  'not-a-voter': 'It is no voter of the configuration: it follows and signs nothing',
};

/** A pre-candidate is on its way to being a candidate; a node that must not sign is recovering, whatever else it does. */
function roleOf({ role, withheld }: ReplicaStatus): StatusView['role'] {
  if (withheld === 'mark-lost' || withheld === 'contradicted') return 'recovering';
  return role === 'pre-candidate' ? 'candidate' : role;
}

function idsOf(nodes: Configuration['nodes'], role: 'voter' | 'learner'): readonly NodeId[] {
  return nodes.filter((node) => node.role === role).map(({ id }) => id);
}

function peerViews({ transport, nowMs }: StatusSources, status: ReplicaStatus): readonly PeerView[] {
  const heights = new Map(status.peers.map((peer) => [peer.nodeId, peer.matchHeight]));
  return transport.peers().map(({ nodeId, address, connected, lastSeenMs }) => ({
    nodeId,
    address: address ?? '',
    connected,
    height: heights.get(nodeId) ?? null,
    lagMs: lastSeenMs === undefined ? null : Math.max(0, Math.round(nowMs() - lastSeenMs)),
  }));
}
