import type { Rule } from '../engine/contract.ts';
import type { DomainPolicy } from '../enrolment/policy.ts';
import { parameterOf } from './parameters.ts';

/** What the consortium asks of every domain's policy, looked at whenever a custodian states one. */
export const policyIsWithinBounds: Rule<{ readonly policy: DomainPolicy }> = {
  name: 'policy-is-within-bounds',
  code: 'policy-out-of-bounds',
  sentence: 'The consortium has set bounds for the policies of domains, and this policy is outside of them.',
  permits({ payload: { policy }, state, saw }) {
    const breakGlassRequired = parameterOf(state, 'domains.breakGlassRequired') === 1;
    const hoursMax = parameterOf(state, 'domains.reviewDeadlineHoursMax');
    saw('break-glass is required', breakGlassRequired);
    saw('longest review deadline in hours', hoursMax);
    return (!breakGlassRequired || policy.emergency !== undefined) && policy.reviewDeadlineHours <= hoursMax;
  },
};
