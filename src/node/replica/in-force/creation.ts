import type { Raft } from '../../../consensus/index.ts';
import type { ReplicaOptions } from '../replica-options.ts';
import { InForce, type InForceOptions } from './in-force.ts';
import { leaseTimesOf } from './terms.ts';

type Parts = Pick<InForceOptions, 'nodeId' | 'nodes' | 'decides' | 'read' | 'blame'> & { readonly raft: Raft };

/** The leases of a replica. Its words travel with the heartbeats, which no block holds up. */
export function createInForce(
  { clock, leaseMs, random, send, onLease }: ReplicaOptions,
  { raft, ...parts }: Parts,
): InForce {
  return new InForce({
    ...parts,
    newestCertified: () => raft.newestCertified,
    atTip: () => raft.configuration,
    certifiedChangeHeight: () => raft.certifiedChangeHeight,
    clock,
    times: leaseTimesOf(leaseMs),
    random,
    send: (to, frame) => send(to, 'heartbeat', frame),
    onLease: (end) => onLease?.(end),
  });
}
