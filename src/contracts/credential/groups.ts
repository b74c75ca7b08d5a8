import { z } from 'zod';
import { present, toHex } from '../../base/index.ts';
import type { KindDefinition, RuleContext } from '../engine/contract.ts';
import { did, isOrdered, name, type Period, period } from '../engine/leaves.ts';
import { memberOfKey } from '../governance/members.ts';
import { periodIsOrdered, senderIsMember } from '../rules.ts';
import { groupJoined, groupLeft } from './entries.ts';
import { groupsPerAgentMax, groupsPerOrganisationMax, type Membership, memberships, membershipsOf } from './state.ts';

interface InGroup {
  readonly agent: Uint8Array;
  readonly group: string;
}

interface JoinGroup extends InGroup {
  readonly period?: Period;
}

const example = { agent: 'did:assent:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw', group: 'ward-4' };

/** `credential.joinGroup`: a member puts an agent into a group of its own. */
export const joinGroup: KindDefinition<z.ZodObject & z.ZodType<JoinGroup>> = {
  summary: 'A member puts an agent into a group of its own: a ward, a care team.',
  schema: z.strictObject({
    agent: did(),
    group: name(),
    /** Without a beginning it holds from now on, without an end until the agent is taken out. */
    period: period().exactOptional(),
  }),
  effects: [
    'Within the period, and while it holds a credential of the member, the agent is one of `group:MEMBER/GROUP`.',
    'Where the agent is in the group already, the period takes the place of the former one.',
    'What ended of the agent in groups of the member is forgotten.',
    'The history of the agent has an entry that says so.',
  ],
  example: { ...example, period: { until: 1_893_456_000_000 } },
  rules: [
    senderIsMember,
    {
      ...periodIsOrdered,
      permits: ({ payload, block }) => isOrdered({ from: block.timestamp, ...payload.period }),
    },
    {
      name: 'agent-has-room-for-group',
      code: 'too-many-groups',
      sentence: 'This agent is in as many groups as one agent can; take it out of one first.',
      permits(context) {
        const kept = keptBeside(context);
        const own = kept.filter(({ organisation }) => organisation === organisationOf(context));
        return own.length < groupsPerOrganisationMax && kept.length < groupsPerAgentMax;
      },
    },
  ],
  apply(context) {
    const { payload, state, block, emit } = context;
    const { agent, group, period: stated } = payload;
    const joined: Membership = {
      organisation: present(organisationOf(context), 'a rule checked that the sender is a member'),
      group,
      from: stated?.from ?? block.timestamp,
      ...(stated?.until === undefined ? {} : { until: stated.until }),
    };
    memberships.put(state, [toHex(agent)], { groups: [...keptBeside(context), joined] });
    emit(`credentials:${toHex(agent)}`, groupJoined.encode({ agent, ...joined, at: block.timestamp }));
    return undefined;
  },
};

/** `credential.leaveGroup`: a member takes an agent out of a group of its own. */
export const leaveGroup: KindDefinition<z.ZodObject & z.ZodType<InGroup>> = {
  summary: 'A member takes an agent out of a group of its own.',
  schema: z.strictObject({ agent: did(), group: name() }),
  effects: ['From this block on the agent is not in the group.', 'The history of the agent has an entry that says so.'],
  example,
  rules: [
    senderIsMember,
    {
      name: 'agent-is-in-group',
      code: 'not-in-group',
      sentence: 'This member has not put the agent into such a group.',
      permits: (context) => membershipsOf(context.state, context.payload.agent).some((one) => isMeant(context, one)),
    },
  ],
  apply(context) {
    const { payload, state, block, emit } = context;
    const { agent, group } = payload;
    const organisation = present(organisationOf(context), 'a rule checked that the sender is a member');
    const groups = membershipsOf(state, agent).filter((one) => !isMeant(context, one));
    memberships.put(state, [toHex(agent)], { groups });
    emit(`credentials:${toHex(agent)}`, groupLeft.encode({ agent, organisation, group, at: block.timestamp }));
    return undefined;
  },
};

function organisationOf({ state, senderHex }: RuleContext<unknown>): string | undefined {
  return memberOfKey(state, senderHex);
}

function isMeant(context: RuleContext<InGroup>, { organisation, group }: Membership): boolean {
  return organisation === organisationOf(context) && group === context.payload.group;
}

/** The agent's groups besides the one in question, without those of the member that ended. */
function keptBeside(context: RuleContext<InGroup>): readonly Membership[] {
  return membershipsOf(context.state, context.payload.agent).filter((one) => {
    if (one.organisation !== organisationOf(context)) return true;
    return !isMeant(context, one) && (one.until ?? Number.POSITIVE_INFINITY) > context.block.timestamp;
  });
}
