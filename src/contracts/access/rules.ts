import { equalBytes } from '../../base/index.ts';
import type { RuleContext } from '../engine/contract.ts';
import { domainOf } from '../enrolment/state.ts';
import type { Category } from '../tables/codes.ts';
import { type EventKey, events } from './events.ts';

interface SharedRule<Holds> {
  readonly name: string;
  readonly code: string;
  readonly sentence: string;
  readonly holds: Holds;
}

/** An event id means one thing for ever; the same thing again is a retry. */
export const eventIsConsistent: SharedRule<
  (context: RuleContext<unknown>, event: EventKey, digest: Uint8Array) => boolean
> = {
  name: 'event-is-consistent',
  code: 'event-conflict',
  sentence: 'This agent has recorded something else under the same event id.',
  holds({ state }, event, digest) {
    const before = events.get(state, event);
    return before === undefined || equalBytes(before.digest, digest);
  },
};

export const openCategoryOnly: SharedRule<
  (context: RuleContext<unknown>, domain: string, category: Category | undefined) => boolean
> = {
  name: 'category-is-open',
  code: 'category-not-open',
  sentence: 'This domain keeps categories sealed, so a record of access must not name one in clear.',
  holds: ({ state }, domain, category) =>
    category === undefined || domainOf(state, domain)?.policy.openCategories === true,
};
