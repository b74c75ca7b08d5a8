import { AssentError, present } from '../../../base/index.ts';
import type { ClusterLinks, ClusterNode } from '../cluster-file.ts';

/** A port for each way between two nodes: beyond this they are too many. */
const nodesMax = 9;

/** How many ports the links of so many nodes take. Throws `usage` when they are too many. */
export function linkPortCount(nodeCount: number): number {
  if (nodeCount > nodesMax)
    throw new AssentError('usage', `--links is for clusters of at most ${nodesMax} nodes, not ${nodeCount}.`);
  return nodeCount * (nodeCount - 1) + 1;
}

/** A route each way between every two nodes, and the port for orders. */
export function createLinks(nodes: readonly Omit<ClusterNode, 'process'>[], ports: readonly number[]): ClusterLinks {
  const ways = nodes.flatMap((from) => nodes.filter((to) => to.number !== from.number).map((to) => ({ from, to })));
  return {
    controlPort: present(ports[ways.length], 'a port for orders'),
    routes: ways.map(({ from, to }, place) => ({
      from: from.number,
      to: to.number,
      port: present(ports[place], 'a port for each way'),
      targetPort: to.p2pPort,
    })),
    process: null,
  };
}

/** Where one node dials another: at the relay, where there is one. */
export function dialPort(links: ClusterLinks | null, from: number, to: ClusterNode): number {
  const route = links?.routes.find((one) => one.from === from && one.to === to.number);
  return route?.port ?? to.p2pPort;
}
