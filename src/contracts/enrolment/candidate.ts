import { present } from '../../base/index.ts';
import { ScratchState } from '../engine/trace.ts';
import type { StateView } from '../ledger-types.ts';
import type { DomainPolicy } from './policy.ts';
import { domainOf, domains } from './state.ts';

/** The same state, but that the domain, which it has, is under another policy. */
export function withDomainPolicy(state: StateView, domain: string, policy: DomainPolicy): StateView {
  const known = present(domainOf(state, domain), 'a policy is of a domain that there is');
  const changed = new ScratchState(state);
  domains.put(changed, [domain], { ...known, policy });
  return changed;
}
