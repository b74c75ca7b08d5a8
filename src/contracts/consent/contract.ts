import { type Contract, defineContract } from '../engine/contract.ts';
import { amend } from './amend.ts';
import { consentAmended, consentGranted, consentRevoked, consentSuperseded } from './entries.ts';
import { grant, refuse } from './grant.ts';
import { revoke } from './revoke.ts';
import { supersede } from './supersede.ts';

/**
 * What subjects permit and refuse (docs/contracts.md, `consent`). The sender is the subject, or somebody whom the
 * subject or the law named to act for it: nobody else can grant, widen or revoke. Where the custodian holds the
 * subject's key, the link says so and the consent repeats it.
 */
export const consent: Contract = defineContract({
  namespace: 'consent',
  summary: 'What a person permits and denies in the domain of one custodian.',
  streams: { 'consents:<subject hex>': [consentGranted, consentAmended, consentRevoked, consentSuperseded] },
  kinds: {
    'consent.grant': grant,
    'consent.amend': amend,
    'consent.revoke': revoke,
    'consent.refuse': refuse,
    'consent.supersede': supersede,
  },
});
