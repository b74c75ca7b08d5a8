import { z } from 'zod';
import { equalBytes, present, toHex } from '../../base/index.ts';
import { type Contract, defineContract } from '../engine/contract.ts';
import { isOrdered, name, transactionId } from '../engine/leaves.ts';
import { domainOf, linkOf, subjectsOf } from '../enrolment/state.ts';
import { isMember } from '../governance/members.ts';
import { domainIsKnown, isLinked, notCovered, periodIsOrdered, subjectIsLinked } from '../rules.ts';
import { consentGranted, consentRevoked } from './entries.ts';
import { provision } from './provision.ts';
import {
  type Consent,
  consentOf,
  consents,
  consentsPerSubjectMax,
  countInForce,
  idsInForce,
  inForce,
} from './state.ts';

/**
 * What subjects permit and refuse (contracts.md, `consent`). The sender is the subject: nobody else can grant, widen or
 * revoke. Where the custodian holds the subject's key, the link says so and the consent repeats it.
 */
export const consent: Contract = defineContract({
  namespace: 'consent',
  kinds: {
    'consent.grant': {
      schema: z.strictObject({
        domain: name(),
        /** The root. Its type is stated, never derived. */
        provision,
        /** Exceptions inside the root. This rule set covers none. */
        nested: z.array(provision).max(16).default([]),
      }),
      output: z.strictObject({ consent: transactionId(), version: z.int() }),
      rules: [
        domainIsKnown,
        { ...subjectIsLinked, permits: (context) => isLinked(context, context.payload.domain, context.sender) },
        { name: 'provision-is-flat', ...notCovered, permits: ({ payload }) => payload.nested.length === 0 },
        { ...periodIsOrdered, permits: ({ payload }) => isOrdered(payload.provision.period) },
        {
          name: 'scope-is-one-kind',
          code: 'scope-twice',
          sentence: 'A consent names its categories either in clear or sealed, not both.',
          permits: ({ payload }) =>
            payload.provision.sealed === undefined || payload.provision.categories === undefined,
        },
        {
          name: 'categories-are-open',
          code: 'categories-not-open',
          sentence: 'This domain keeps categories sealed, so a consent must not name them in clear.',
          permits: ({ payload, state }) =>
            payload.provision.categories === undefined ||
            domainOf(state, payload.domain)?.policy.openCategories === true,
        },
        {
          name: 'actors-are-known',
          code: 'actor-unknown',
          sentence: 'The consent names an organisation that is no member of this ledger.',
          permits: ({ payload, state }) =>
            (payload.provision.actors ?? []).every(
              (actor) =>
                typeof actor !== 'string' ||
                !actor.startsWith('member:') ||
                isMember(state, actor.slice('member:'.length)),
            ),
        },
        {
          name: 'subject-has-room',
          code: 'too-many-consents',
          sentence: 'This person has as many consents in force as one can have; revoke one first.',
          permits: ({ payload, state, sender }) =>
            countInForce(state, subjectsOf(state, payload.domain, sender), payload.domain) < consentsPerSubjectMax,
        },
      ],
      apply({ payload, state, sender, senderHex, transaction, block, emit }) {
        const { domain } = payload;
        const link = present(linkOf(state, domain, sender), 'a rule checked that the subject is linked');
        const granted: Consent = {
          id: transaction.id,
          version: 1,
          subject: sender,
          domain,
          provision: payload.provision,
          grantedAt: block.timestamp,
          keyHolder: link.keyHolder,
        };
        consents.put(state, [transaction.idHex], granted);
        inForce.put(state, [senderHex, domain], { ids: [...idsInForce(state, sender, domain), granted.id] });
        const { id, grantedAt, ...rest } = granted;
        emit(`consents:${senderHex}`, consentGranted.encode({ consent: id, ...rest, at: grantedAt }));
        return { consent: id, version: 1 };
      },
    },
    'consent.revoke': {
      schema: z.strictObject({
        consent: transactionId(),
        /** Revokes only this version; absent: whatever stands. */
        ifVersion: z.int().min(1).exactOptional(),
      }),
      output: z.strictObject({ version: z.int() }),
      rules: [
        {
          name: 'consent-is-own',
          code: 'consent-not-own',
          sentence: 'This person has granted no such consent; only who granted it can revoke it.',
          permits({ payload, state, sender }) {
            const record = consentOf(state, payload.consent);
            return record !== undefined && equalBytes(record.subject, sender);
          },
        },
        {
          name: 'consent-is-not-revoked',
          code: 'consent-revoked',
          sentence: 'This consent was already revoked.',
          permits: ({ payload, state }) => consentOf(state, payload.consent)?.revokedAt === undefined,
        },
        {
          name: 'consent-version-is-current',
          code: 'version-conflict',
          sentence: 'It was changed in the meantime; look at the current version and decide again.',
          permits: ({ payload, state }) =>
            payload.ifVersion === undefined || payload.ifVersion === consentOf(state, payload.consent)?.version,
        },
      ],
      apply({ payload, state, sender, senderHex, block, emit }) {
        const record = present(consentOf(state, payload.consent), 'a rule checked that the consent is there');
        const { domain } = record;
        const version = record.version + 1;
        const at = block.timestamp;
        consents.put(state, [toHex(record.id)], { ...record, version, revokedAt: at });
        const kept = idsInForce(state, sender, domain).filter((id) => !equalBytes(id, record.id));
        inForce.put(state, [senderHex, domain], { ids: kept });
        const entry = consentRevoked.encode({ consent: record.id, version, subject: sender, domain, at });
        emit(`consents:${senderHex}`, entry);
        return { version };
      },
    },
  },
});
