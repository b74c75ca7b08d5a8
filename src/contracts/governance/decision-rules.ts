import { toHex } from '../../base/index.ts';
import type { Rule, RuleContext } from '../engine/contract.ts';
import { domainOf } from '../enrolment/state.ts';
import { isKeyOfIdentity } from '../identity/state.ts';
import type { StateView } from '../ledger-types.ts';
import { domainIsKnown } from '../rules.ts';
import { type Action, type ProposedChange, stepOfAction } from './action.ts';
import { type LeavingFirst, leavingNodes, waitingAfterFirst } from './changes.ts';
import { leavingFirst } from './effects.ts';
import { isMember, memberNamed, memberNamesOf, membersMax, ownerOfKey } from './members.ts';
import { isWithinBounds, thresholdName } from './parameters.ts';
import { activationsMax, activationsOf, pendingActivation } from './rule-sets.ts';
import { type Asked, aVoterStays, changesHaveRoom, nodeIsKnown, rulesOfNodes } from './rules.ts';
import { thresholdMin } from './threshold.ts';

/**
 * Rules of whatever members decide, looked at when it is proposed and again by the vote that passes it: what could be
 * done then may not be possible any more.
 */
export function rulesOfDecision<P>(asked: Asked<P>): readonly Rule<P>[] {
  return [
    ...rulesOfMembers(asked),
    ...rulesOfNodes(asked),
    ...rulesOfLeavingFirst(asked),
    changesHaveRoom((context) => {
      const change = asked(context);
      return change === undefined || !waitsAtTheEnd(change) ? 0 : 1;
    }),
    ...rulesOfDomains(asked),
    ...rulesOfParameters(asked),
    ...rulesOfRuleSets(asked),
  ];
}

function waitsAtTheEnd(change: ProposedChange): boolean {
  return stepOfAction(change.action) !== undefined && leavingFirst(change) === undefined;
}

/** A rule's condition for a change of some actions. */
type Condition = (context: RuleContext<unknown>, change: ProposedChange) => boolean;

function on<P>(asked: Asked<P>, actions: readonly Action[], permits: Condition): (context: RuleContext<P>) => boolean {
  return (context) => {
    const change = asked(context);
    return change === undefined || !actions.includes(change.action) || permits(context, change);
  };
}

function rulesOfMembers<P>(asked: Asked<P>): readonly Rule<P>[] {
  return [
    {
      name: 'member-is-known',
      code: 'member-unknown',
      sentence: 'The consortium has no member of this name.',
      permits: on(
        asked,
        ['node-add', 'member-remove', 'member-rekey', 'domain-hand-over', 'role-issuers'],
        ({ state }, { member, issuers = [] }) =>
          [...issuers, ...(member === undefined ? [] : [member])].every((name) => isMember(state, name)),
      ),
    },
    {
      name: 'member-name-is-new',
      code: 'member-name-used',
      sentence: 'A member of this name is there, or was; a name is never given twice.',
      permits: on(asked, ['member-add'], ({ state }, { member }) => memberNamed(state, member ?? '') === undefined),
    },
    {
      name: 'governance-key-is-new',
      code: 'governance-key-used',
      sentence: 'This key speaks for a member or a person, or did; a key is never given twice.',
      permits: on(asked, ['member-add', 'member-rekey'], ({ state }, { governanceKey }) => {
        if (governanceKey === undefined) return true;
        return ownerOfKey(state, toHex(governanceKey)) === undefined && !isKeyOfIdentity(state, governanceKey);
      }),
    },
    {
      name: 'members-have-room',
      code: 'too-many-members',
      sentence: 'The consortium has as many members as it can.',
      permits: on(asked, ['member-add'], ({ state }) => memberNamesOf(state).length < membersMax),
    },
    {
      name: 'a-member-stays',
      code: 'last-member',
      sentence: 'Without this member nobody would be left to decide.',
      permits: on(asked, ['member-remove'], ({ state }) => memberNamesOf(state).length > 1),
    },
  ];
}

function rulesOfLeavingFirst<P>(asked: Asked<P>): readonly Rule<P>[] {
  return [
    {
      ...nodeIsKnown,
      name: 'node-is-in-force',
      permits: leaving(asked, (state, first) => 'member' in first || leavingNodes(state, first).length === 1),
    },
    {
      ...aVoterStays,
      name: 'a-voter-stays-at-once',
      permits: leaving(asked, (state, first) => waitingAfterFirst(state, first) !== undefined),
    },
  ];
}

function leaving<P>(
  asked: Asked<P>,
  permits: (state: StateView, first: LeavingFirst) => boolean,
): (context: RuleContext<P>) => boolean {
  return (context) => {
    const change = asked(context);
    const first = change && leavingFirst(change);
    return first === undefined || permits(context.state, first);
  };
}

function rulesOfDomains<P>(asked: Asked<P>): readonly Rule<P>[] {
  const actions = ['domain-hand-over'] as const;
  return [
    {
      ...domainIsKnown,
      permits: on(asked, actions, ({ state }, { domain }) => domainOf(state, domain ?? '') !== undefined),
    },
    {
      name: 'custodian-is-another',
      code: 'already-the-custodian',
      sentence: 'This member is the custodian of the domain already.',
      permits: on(
        asked,
        actions,
        ({ state }, { domain, member }) => domainOf(state, domain ?? '')?.custodian !== member,
      ),
    },
  ];
}

function rulesOfParameters<P>(asked: Asked<P>): readonly Rule<P>[] {
  return [
    {
      name: 'value-is-within-bounds',
      code: 'parameter-out-of-bounds',
      sentence: 'The value is outside of what this parameter can be; a threshold lies between two and all members.',
      permits: on(asked, ['parameter-set'], ({ state }, { parameter, value }) => {
        if (parameter === undefined || value === undefined) return true;
        const members = memberNamesOf(state).length;
        if (parameter === thresholdName) return thresholdMin(members) <= value && value <= members;
        return isWithinBounds(parameter, value);
      }),
    },
  ];
}

function rulesOfRuleSets<P>(asked: Asked<P>): readonly Rule<P>[] {
  return [
    {
      name: 'height-lies-ahead',
      code: 'height-passed',
      sentence: 'The block from which the rules should hold is not ahead any more; name a later one.',
      permits: on(asked, ['rules-activate'], ({ block }, { height = 0 }) => height > block.height),
    },
    {
      name: 'rule-set-is-new',
      code: 'rule-set-used',
      sentence: 'The ledger has or had this version of the rules; a former version never returns.',
      permits: on(
        asked,
        ['rules-activate'],
        ({ state }, { ruleSet }) => !activationsOf(state).some((activation) => activation.ruleSet === ruleSet),
      ),
    },
    {
      name: 'no-activation-waits',
      code: 'activation-waits',
      sentence: 'Another version of the rules is to hold from a later block on; cancel that first.',
      permits: on(
        asked,
        ['rules-activate'],
        ({ state, block }) => pendingActivation(state, block.height) === undefined,
      ),
    },
    {
      name: 'rule-sets-have-room',
      code: 'too-many-rule-sets',
      sentence: 'The ledger has had as many versions of the rules as it can.',
      permits: on(asked, ['rules-activate'], ({ state }) => activationsOf(state).length < activationsMax),
    },
    {
      name: 'an-activation-waits',
      code: 'no-activation-waits',
      sentence: 'No other version of the rules is to hold from a later block on, so there is none to cancel.',
      permits: on(asked, ['rules-cancel'], ({ state, block }) => pendingActivation(state, block.height) !== undefined),
    },
  ];
}
