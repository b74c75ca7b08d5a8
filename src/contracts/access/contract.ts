import { type Contract, defineContract } from '../engine/contract.ts';
import { breakGlass } from './break-glass.ts';
import { accessRecord } from './record.ts';
import { deadline } from './state.ts';

/** Every decision is logged, permit and deny; nothing bypasses the log (contracts.md, `access`). */
export const access: Contract = defineContract({
  namespace: 'access',
  kinds: { 'access.record': accessRecord, 'access.breakGlass': breakGlass },
  latestDeadline: (state) => deadline.get(state)?.expiresAt,
});
