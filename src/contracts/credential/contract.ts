import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import { type Contract, defineContract } from '../engine/contract.ts';
import { did, isOrdered, name, period, transactionId } from '../engine/leaves.ts';
import { domainOf, memberOfKey } from '../enrolment/state.ts';
import { periodIsOrdered, senderIsMember } from '../rules.ts';
import { roles } from '../tables/codes.ts';
import { credentialIssued, credentialRevoked } from './entries.ts';
import {
  type Credential,
  credentialsOf,
  credentialsPerAgentMax,
  credentialsPerIssuerMax,
  held,
  issued,
} from './state.ts';

/** Roles that members give their agents (contracts.md, `credential`). */
export const credential: Contract = defineContract({
  namespace: 'credential',
  kinds: {
    'credential.issue': {
      schema: z.strictObject({
        agent: did(),
        role: z.enum(roles),
        /** Without a beginning it holds from now on, without an end until it is revoked. */
        period: period().exactOptional(),
        /** Only for a gateway: the one domain it serves. */
        domain: name().exactOptional(),
      }),
      output: z.strictObject({ credential: transactionId() }),
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
    },
    'credential.revoke': {
      schema: z.strictObject({ credential: transactionId() }),
      rules: [
        senderIsMember,
        {
          name: 'credential-is-own',
          code: 'credential-not-own',
          sentence: 'This member has issued no such credential.',
          permits: ({ payload, state, senderHex }) =>
            issued.get(state, toHex(payload.credential))?.organisation === memberOfKey(state, senderHex),
        },
        {
          name: 'credential-is-not-revoked',
          code: 'credential-revoked',
          sentence: 'This credential was already revoked.',
          permits: ({ payload, state }) => issued.get(state, toHex(payload.credential))?.revokedAt === undefined,
        },
      ],
      apply({ payload, state, block, emit }) {
        const id = payload.credential;
        const record = present(issued.get(state, toHex(id)), 'a rule checked that the credential was issued');
        const { agent } = record;
        issued.put(state, [toHex(id)], { ...record, revokedAt: block.timestamp });
        const kept = credentialsOf(state, agent).filter((other) => !equalBytes(other.id, id));
        held.put(state, [toHex(agent)], { credentials: kept });
        emit(`credentials:${toHex(agent)}`, credentialRevoked.encode({ credential: id, agent, at: block.timestamp }));
        return undefined;
      },
    },
  },
});
