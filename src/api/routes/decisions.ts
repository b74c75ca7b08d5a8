import type { Nothing, Route } from '../route.ts';
import { decisionConsistencyQuery } from '../schemas/consistency.ts';
import { type DecisionBody, type DecisionReply, decisionBody, decisionReply } from '../schemas/decisions.ts';
import { type WhatIfPage, type WhatIfRequest, whatIfPage, whatIfRequest } from '../schemas/replay.ts';
import { type DomainParams, domainParams } from '../schemas/subjects.ts';
import { requestLimits } from './common.ts';

/** What the rules decide, or would have decided. */
export interface DecisionRoutes {
  readonly decide: Route<Nothing, Nothing, DecisionBody, DecisionReply>;
  readonly whatIf: Route<DomainParams, Nothing, WhatIfRequest, WhatIfPage>;
}

export const decisionRoutes: DecisionRoutes = {
  decide: {
    operation: 'decide',
    method: 'POST',
    path: '/v1/decisions',
    summary:
      'What the rules would decide now, or would have decided after a past block: one question, or up to 100 together; advisory, not logged, releases nothing. Or, with `commit`, up to 100 signed requests: each answered when its entry is certified.',
    bodies: [
      {
        mediaType: 'application/json',
        description: 'The request in the JSON form of the rule set.',
        bytesMax: requestLimits.jsonBytesMax,
        schema: decisionBody,
      },
    ],
    reply: { mediaType: 'application/json', schema: decisionReply },
    readsLedger: true,
    consistency: decisionConsistencyQuery,
    errors: ['not-found', 'block-unknown', 'history-not-kept', 'rule-set-unknown'],
  },
  whatIf: {
    operation: 'whatIf',
    method: 'POST',
    path: '/v1/domains/{name}/what-if',
    summary:
      'A slice of the recorded decisions of a domain, each recomputed, and those that another policy would have changed.',
    params: domainParams,
    bodies: [
      {
        mediaType: 'application/json',
        description: 'The candidate policy and the period; for the next slice also where it begins.',
        bytesMax: requestLimits.jsonBytesMax,
        schema: whatIfRequest,
      },
    ],
    reply: { mediaType: 'application/json', schema: whatIfPage },
    readsLedger: true,
    errors: ['not-found', 'history-not-kept', 'rule-set-unknown'],
  },
};
