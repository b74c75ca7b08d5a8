import { type Contract, defineContract } from '../engine/contract.ts';
import {
  credentialIssued,
  credentialResumed,
  credentialRevoked,
  credentialSuspended,
  groupJoined,
  groupLeft,
} from './entries.ts';
import { joinGroup, leaveGroup } from './groups.ts';
import { issue } from './issue.ts';
import { revoke } from './revoke.ts';
import { resume, suspend } from './suspend.ts';

/** Roles that members give their agents, and the groups that they put them into (docs/contracts.md, `credential`). */
export const credential: Contract = defineContract({
  namespace: 'credential',
  summary: 'The roles that members give to their agents, and the groups that they put them into.',
  streams: {
    'credentials:<agent hex>': [
      credentialIssued,
      credentialSuspended,
      credentialResumed,
      credentialRevoked,
      groupJoined,
      groupLeft,
    ],
  },
  kinds: {
    'credential.issue': issue,
    'credential.suspend': suspend,
    'credential.resume': resume,
    'credential.revoke': revoke,
    'credential.joinGroup': joinGroup,
    'credential.leaveGroup': leaveGroup,
  },
});
