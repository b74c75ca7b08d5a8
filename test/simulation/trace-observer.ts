import type { Receipt } from '../../src/ledger/index.ts';
import {
  type ClusterObserver,
  type Machine,
  type SimulatedCluster,
  silentObserver,
} from '../support/simulated-cluster.ts';
import type { ToldClients } from '../support/simulated-workload.ts';
import type { RegisterOperation } from './history.ts';
import { keyOf } from './invariants/violation.ts';

/** Writes to the trace how each node's role, term and committed height change. */
export function traceStatus(cluster: SimulatedCluster): ClusterObserver {
  const roles = new Map<Machine, string>();
  const heights = new Map<Machine, number>();
  return {
    ...silentObserver,
    onStart: (machine) => {
      roles.delete(machine);
      heights.delete(machine);
    },
    onActed: (machine) => {
      const status = machine.process?.status();
      if (status === undefined) return;
      const { role, term, committedHeight: height, appliedHeight } = status;
      const { nowMs } = cluster.queue;
      const node = machine.index;
      if (roles.get(machine) !== `${role} ${term}`) cluster.trace.line(nowMs, 'role', () => ({ node, role, term }));
      if (heights.get(machine) !== height)
        cluster.trace.line(nowMs, 'commit', () => ({ node, term, height, appliedHeight }));
      roles.set(machine, `${role} ${term}`);
      heights.set(machine, height);
    },
  };
}

/** Writes what clients are told to the trace, too. */
export function traceTold(cluster: SimulatedCluster, told: ToldClients): ToldClients {
  const line = (fields: object): void => cluster.trace.line(cluster.queue.nowMs, 'told', () => fields);
  return {
    told: (receipt: Receipt) => {
      line({ transaction: keyOf(receipt.id), outcome: receipt.result.ok ? 'ok' : 'refused', height: receipt.height });
      told.told(receipt);
    },
    toldExpired: (transaction) => {
      line({ transaction, outcome: 'expired' });
      told.toldExpired(transaction);
    },
  };
}

/** Writes both ends of each operation of the registers' clients to the trace. */
export function traceOperations(
  cluster: SimulatedCluster,
): (event: 'invoke' | 'respond', operation: RegisterOperation) => void {
  return (event, { kind, process, register, node, value, outcome }) => {
    cluster.trace.line(cluster.queue.nowMs, event, () => ({
      process,
      node,
      operation: kind,
      register,
      ...(value === undefined ? {} : { value }),
      ...(event === 'respond' && { outcome }),
    }));
  };
}
