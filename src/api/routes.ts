import type { ErrorCode } from '../base/index.ts';
import type { AnyRoute } from './route.ts';
import { type DecisionRoutes, decisionRoutes } from './routes/decisions.ts';
import { type DomainRoutes, domainRoutes } from './routes/domains.ts';
import { type GovernanceRoutes, governanceRoutes } from './routes/governance.ts';
import { type LedgerRoutes, ledgerRoutes } from './routes/ledger.ts';
import { type NodeRoutes, nodeRoutes } from './routes/node.ts';
import { type OperationRoutes, operationRoutes } from './routes/operation.ts';
import { type ReceiptRoutes, receiptRoutes } from './routes/receipts.ts';
import { type SubjectRoutes, subjectRoutes } from './routes/subjects.ts';

/** All of them, by name. */
export interface Routes
  extends LedgerRoutes,
    SubjectRoutes,
    DomainRoutes,
    GovernanceRoutes,
    ReceiptRoutes,
    DecisionRoutes,
    OperationRoutes,
    NodeRoutes {}

/** What any route may answer: the request did not parse, the node is busy or going away, or it has a bug. */
export const commonErrors: readonly ErrorCode[] = ['request-invalid', 'overloaded', 'shutting-down', 'internal'];

/** What any route that reads the ledger may answer besides. */
const readErrors: readonly ErrorCode[] = ['no-quorum', 'node-behind'];

export const routes: Routes = {
  ...ledgerRoutes,
  ...subjectRoutes,
  ...domainRoutes,
  ...governanceRoutes,
  ...receiptRoutes,
  ...decisionRoutes,
  ...operationRoutes,
  ...nodeRoutes,
};

export const routeList: readonly AnyRoute[] = Object.values(routes);

/** Every expected failure of the route. */
export function errorsOf({ errors, readsLedger }: AnyRoute): readonly ErrorCode[] {
  return [...errors, ...(readsLedger === true ? readErrors : []), ...commonErrors];
}
