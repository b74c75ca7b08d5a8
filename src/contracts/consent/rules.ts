import type { Rule, RuleContext } from '../engine/contract.ts';
import { isOrdered } from '../engine/leaves.ts';
import { domainOf } from '../enrolment/state.ts';
import { isMember } from '../governance/members.ts';
import { isLinked, periodIsOrdered, subjectIsLinked } from '../rules.ts';
import type { Placed } from './content.ts';
import { depthOf, isTree, type ProvisionTree, provisionsOf } from './open.ts';
import { depthMax, type Provision } from './provision.ts';
import { subjectOf } from './who.ts';

/** What a consent may say: the tree of provisions in a payload, and the domain that it is for. */
export function contentRules<P>(
  treeOf: (payload: P) => ProvisionTree,
  domainNameOf: (context: RuleContext<P>) => string | undefined,
): readonly Rule<P>[] {
  const each = ({ payload }: RuleContext<P>, holds: (provision: Provision) => boolean): boolean =>
    provisionsOf(treeOf(payload)).every(holds);
  return [
    {
      name: 'provisions-are-a-tree',
      code: 'provisions-not-a-tree',
      sentence: `Each exception names a provision that comes before it, and stands no deeper than ${depthMax} levels.`,
      permits: ({ payload }) => isTree(treeOf(payload)) && depthOf(treeOf(payload)) <= depthMax,
    },
    { ...periodIsOrdered, permits: (context) => each(context, ({ period }) => isOrdered(period)) },
    {
      name: 'scope-is-one-kind',
      code: 'scope-twice',
      sentence: 'A provision names its categories either in clear or sealed, not both.',
      permits: (context) => each(context, ({ sealed, categories }) => sealed === undefined || categories === undefined),
    },
    {
      name: 'categories-are-open',
      code: 'categories-not-open',
      sentence: 'This domain keeps categories sealed, so a consent must not name them in clear.',
      permits(context) {
        if (each(context, ({ categories }) => categories === undefined)) return true;
        return domainOf(context.state, domainNameOf(context) ?? '')?.policy.openCategories === true;
      },
    },
    {
      name: 'actors-are-known',
      code: 'actor-unknown',
      sentence: 'The consent names an organisation that is no member of this ledger.',
      permits: (context) =>
        each(context, ({ actors = [] }) =>
          actors.every((actor) => {
            const organisation = typeof actor === 'string' ? organisationOf(actor) : undefined;
            return organisation === undefined || isMember(context.state, organisation);
          }),
        ),
    },
  ];
}

/** The member that an actor is, or that its group is of. */
function organisationOf(actor: string): string | undefined {
  const named = /^(?:member|group):([^/]+)/.exec(actor);
  return named?.[1];
}

export const linkedSubject: Rule<Placed> = {
  ...subjectIsLinked,
  permits: (context) => isLinked(context, context.payload.domain, subjectOf(context)),
};
