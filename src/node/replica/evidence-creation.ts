import type { AssentError } from '../../base/index.ts';
import { encodeNodeId, type NodeId } from '../../crypto/index.ts';
import type { Operation } from '../../storage/index.ts';
import type { BlockBodies } from './block-bodies.ts';
import type { ConfigurationRecords } from './configuration-records.ts';
import { EvidenceGossip } from './evidence-gossip.ts';
import { EvidenceStore } from './evidence-store.ts';
import type { ReplicaOptions } from './replica-options.ts';

/** The evidence that a replica holds, on its disk and its links. */
export function createEvidenceGossip(
  { ledger, store, verify, logger, send, nodeKey }: ReplicaOptions,
  configurations: ConfigurationRecords,
  bodies: BlockBodies,
  effects: {
    readonly append: (operations: readonly Operation[], done: () => void) => void;
    readonly blame: (from: NodeId, error: AssentError) => void;
  },
): EvidenceGossip {
  return new EvidenceGossip({
    nodeId: encodeNodeId(nodeKey.publicKey),
    store: new EvidenceStore(store, effects.append),
    sources: {
      ledgerId: ledger.ledgerId,
      generationOf: (nodeId) => configurations.generationOf(nodeId),
      recentHeader: (hash) => bodies.recentHeader(hash),
      signedHeader: (height) => bodies.signedHeader(height),
      configuration: (hash) => bodies.configuration(hash),
    },
    verify,
    logger,
    nodes: () => [...configurations.nodes()],
    send: (to, frame) => send(to, 'replication', frame),
    blame: effects.blame,
  });
}
