import { type Contract, defineContract } from '../engine/contract.ts';
import { correctEntry } from './after/correct.ts';
import { answerDispute, disputeEntry } from './after/dispute.ts';
import { accessRecordedLate, disputeAnswered, entryCorrected, entryDisputed, glassReviewed } from './after/entries.ts';
import { recordLate } from './after/late.ts';
import { reviewBreakGlass } from './after/review.ts';
import { recordBatch } from './batch/record-batch.ts';
import { breakGlass } from './break-glass.ts';
import { accessRecorded, glassBroken } from './entries.ts';
import { accessRecord } from './record.ts';
import { deadline } from './state.ts';

/** Every decision is logged, permit and deny; nothing bypasses the log (docs/contracts.md, `access`). */
export const access: Contract = defineContract({
  namespace: 'access',
  summary: 'Who asked for what and what was decided: every permit and every denial, for the person to see.',
  streams: {
    'access:<subject hex>': [
      accessRecorded,
      glassBroken,
      glassReviewed,
      entryDisputed,
      disputeAnswered,
      entryCorrected,
      accessRecordedLate,
    ],
  },
  kinds: {
    'access.record': accessRecord,
    'access.recordBatch': recordBatch,
    'access.breakGlass': breakGlass,
    'access.reviewBreakGlass': reviewBreakGlass,
    'access.dispute': disputeEntry,
    'access.answerDispute': answerDispute,
    'access.correct': correctEntry,
    'access.recordLate': recordLate,
  },
  latestDeadline: (state) => deadline.get(state)?.expiresAt,
});
