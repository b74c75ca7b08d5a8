import { z } from 'zod';
import { consentsPerSubjectMax } from '../consent/in-force.ts';
import type { ResultClaim } from '../decision/decide.ts';
import { transactionId } from '../engine/leaves.ts';

/** Result sets as the gateway signs them: `results` is a mask (1 permit, 2 deny, 4 weak deny, 8 not applicable). */
export const resultClaims: z.ZodArray<z.ZodType<ResultClaim>> = z
  .array(
    z.strictObject({
      consent: transactionId(),
      version: z.int().min(1),
      results: z.int().min(1).max(15),
      namesBreakGlass: z.boolean(),
    }),
  )
  .max(consentsPerSubjectMax);
