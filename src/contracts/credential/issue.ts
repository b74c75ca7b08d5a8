import { z } from 'zod';
import { present, toHex } from '../../base/index.ts';
import type { KindDefinition } from '../engine/contract.ts';
import { did, isOrdered, name, type Period, period, transactionId } from '../engine/leaves.ts';
import { domainOf } from '../enrolment/state.ts';
import { mayIssue } from '../governance/issuers.ts';
import { memberOfKey } from '../governance/members.ts';
import { periodIsOrdered, senderIsMember } from '../rules.ts';
import { type Role, roles } from '../tables/codes.ts';
import { credentialIssued } from './entries.ts';
import {
  type Credential,
  credentialsOf,
  credentialsPerAgentMax,
  credentialsPerIssuerMax,
  held,
  issued,
} from './state.ts';

interface Issue {
  readonly agent: Uint8Array;
  readonly role: Role;
  readonly period?: Period;
  readonly domain?: string;
}

/** `credential.issue`: a member gives an agent a role. */
export const issue: KindDefinition<z.ZodObject & z.ZodType<Issue>> = {
  summary: 'A member gives an agent a role in its name.',
  schema: z.strictObject({
    agent: did(),
    role: z.enum(roles),
    /** Without a beginning it holds from now on, without an end until it is revoked. */
    period: period().exactOptional(),
    /** Only for a gateway: the one domain it serves. */
    domain: name().exactOptional(),
  }),
  output: z.strictObject({ credential: transactionId() }),
  effects: [
    'The agent holds the role, as an agent of the member, within the period.',
    'The history of the agent has an entry that says so.',
  ],
  example: {
    agent: 'did:assent:z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw',
    role: 'clinician',
    period: { until: 1_893_456_000_000 },
  },
  rules: [
    senderIsMember,
    {
      ...periodIsOrdered,
      permits: ({ payload, block }) => isOrdered({ from: block.timestamp, ...payload.period }),
    },
    {
      name: 'domain-is-of-gateway',
      code: 'domain-not-for-role',
      sentence: 'Only a gateway serves one domain; other roles hold everywhere.',
      permits: ({ payload }) => payload.domain === undefined || payload.role === 'gateway',
    },
    {
      name: 'domain-is-own',
      code: 'not-the-custodian',
      sentence: 'Another member is the custodian of this domain.',
      permits({ payload, state, senderHex }) {
        if (payload.domain === undefined) return true;
        return domainOf(state, payload.domain)?.custodian === memberOfKey(state, senderHex);
      },
    },
    {
      name: 'member-may-issue-role',
      code: 'role-not-allowed',
      sentence: 'The consortium does not let this member issue credentials for this role.',
      permits: ({ payload, state, senderHex }) => mayIssue(state, payload.role, memberOfKey(state, senderHex)),
    },
    {
      name: 'agent-has-room',
      code: 'too-many-credentials',
      sentence: 'This agent holds as many credentials as one agent can; revoke one that has ended first.',
      permits({ payload, state, senderHex }) {
        const all = credentialsOf(state, payload.agent);
        const own = all.filter(({ organisation }) => organisation === memberOfKey(state, senderHex));
        return own.length < credentialsPerIssuerMax && all.length < credentialsPerAgentMax;
      },
    },
  ],
  apply({ payload, state, senderHex, transaction, block, emit }) {
    const { agent, role, period: stated, domain } = payload;
    const granted: Credential = {
      id: transaction.id,
      role,
      organisation: present(memberOfKey(state, senderHex), 'a rule checked that the sender is a member'),
      from: stated?.from ?? block.timestamp,
      ...(stated?.until === undefined ? {} : { until: stated.until }),
      ...(domain === undefined ? {} : { domain }),
    };
    held.put(state, [toHex(agent)], { credentials: [...credentialsOf(state, agent), granted] });
    issued.put(state, [transaction.idHex], { agent, organisation: granted.organisation });
    const { id, ...rest } = granted;
    const entry = credentialIssued.encode({ credential: id, agent, ...rest, at: block.timestamp });
    emit(`credentials:${toHex(agent)}`, entry);
    return { credential: id };
  },
};
