import { z } from 'zod';
import { present } from '../../base/index.ts';
import { type Contract, defineContract } from '../engine/contract.ts';
import { name } from '../engine/leaves.ts';
import { policyIsWithinBounds } from '../governance/domain-bounds.ts';
import { memberOfKey } from '../governance/members.ts';
import { senderIsMember } from '../rules.ts';
import { agreeToMerge } from './agreement.ts';
import { domainDeclared, linkHistory } from './entries.ts';
import { initialiseEnrolment } from './genesis.ts';
import { changeKeyHolder } from './key-holder.ts';
import { linkSubject, unlinkSubject } from './link.ts';
import { mergeSubjects, unmergeSubjects } from './merge.ts';
import { domainPolicy } from './policy.ts';
import {
  declaredBy,
  declaredDomains,
  domainNames,
  domainNamesOf,
  domainOf,
  domains,
  domainsMax,
  domainsPerMemberMax,
} from './state.ts';

/** Members, domains of custodians, and which subject a custodian knows (docs/contracts.md, `enrolment`). */
export const enrolment: Contract = defineContract({
  namespace: 'enrolment',
  summary: 'The domains of custodians with their rules, and which person a custodian knows by a chart of its own.',
  streams: {
    'domain:<domain>': [domainDeclared, ...linkHistory],
    'enrolment:<subject hex>': linkHistory,
  },
  initialise: initialiseEnrolment,
  kinds: {
    'enrolment.domain': {
      summary: 'A member declares a domain in which it keeps records, or changes the rules of its own.',
      effects: [
        'The rules hold from the next decision on; consents, links and the log stay as they are.',
        "An entry `domain-declared` in the domain's history, with the version.",
      ],
      example: {
        domain: 'st-mary',
        policy: {
          implicit: 'deny',
          timeZone: 'Europe/Brussels',
          roles: [
            { role: 'clinician', purposes: ['TREAT'] },
            { role: 'emergency-physician', purposes: ['TREAT'] },
          ],
          emergency: { roles: ['emergency-physician'], maxHours: 4 },
        },
        ifVersion: 0,
      },
      schema: z.strictObject({
        domain: name(),
        policy: domainPolicy,
        /** The version that is being replaced; 0 for a new domain. */
        ifVersion: z.int().min(0),
      }),
      output: z.strictObject({ version: z.int() }),
      rules: [
        senderIsMember,
        {
          name: 'domain-is-own',
          code: 'not-the-custodian',
          sentence: 'Another member is the custodian of this domain.',
          permits({ payload, state, senderHex }) {
            const domain = domainOf(state, payload.domain);
            return domain === undefined || domain.custodian === memberOfKey(state, senderHex);
          },
        },
        {
          name: 'domain-version-is-current',
          code: 'version-conflict',
          sentence: 'It was changed in the meantime; look at the current version and decide again.',
          permits({ payload, state, saw }) {
            const version = domainOf(state, payload.domain)?.version ?? 0;
            saw('current version', version);
            return payload.ifVersion === version;
          },
        },
        {
          name: 'domains-have-room',
          code: 'too-many-domains',
          sentence: 'The ledger holds as many domains as it can, in all or of this member.',
          permits({ payload, state, senderHex }) {
            if (payload.ifVersion > 0) return true;
            return domainNamesOf(state).length < domainsMax && declaredBy(state, senderHex) < domainsPerMemberMax;
          },
        },
        policyIsWithinBounds,
      ],
      apply({ payload, state, senderHex, block, emit }) {
        const { domain, policy } = payload;
        const version = payload.ifVersion + 1;
        const custodian = present(memberOfKey(state, senderHex), 'a rule checked that the sender is a member');
        domains.put(state, [domain], { name: domain, custodian, policy, version });
        if (version === 1) {
          domainNames.put(state, [], { names: [...domainNamesOf(state), domain].sort() });
          declaredDomains.put(state, [custodian], { count: declaredBy(state, senderHex) + 1 });
        }
        emit(`domain:${domain}`, domainDeclared.encode({ domain, custodian, version, at: block.timestamp }));
        return { version };
      },
    },
    'enrolment.link': linkSubject,
    'enrolment.unlink': unlinkSubject,
    'enrolment.changeKeyHolder': changeKeyHolder,
    'enrolment.agreeToMerge': agreeToMerge,
    'enrolment.merge': mergeSubjects,
    'enrolment.unmerge': unmergeSubjects,
  },
});
