import { z } from 'zod';
import { isPurpose, type PurposeOfUse, readPurpose } from '../../decision/index.ts';
import { type TextLeaf, textLeaf } from '../engine/leaves.ts';

/** Characters of a purpose: what the longest address of a code system in use, and a code, need. */
export const purposeTextMax = 128;

/** Printable ASCII, so that a purpose is shown as it is compared. */
const purposeText = /^([A-Z]+|[!-{}~]+\|[!-~]+( [!-~]+)*)$/;

const expected = 'expected a code of HL7 v3 ActReason, or system|code of another system';

/** Whether it is a purpose in its one written form (docs/decision.md, step 3). */
function isPurposeOfUse(input: unknown): input is PurposeOfUse {
  if (typeof input !== 'string') return false;
  if (isPurpose(input)) return true;
  return input.length <= purposeTextMax && purposeText.test(input) && readPurpose(input) === input;
}

/** A purpose of use of any system. JSON may write one of v3 ActReason with its system, too. */
export function purpose(): TextLeaf<PurposeOfUse> {
  return textLeaf<PurposeOfUse>(
    z.string().max(purposeTextMax).regex(purposeText, expected),
    (input) => (isPurposeOfUse(input) ? undefined : expected),
    readPurpose,
    (value) => value,
    { isAscii: true },
  );
}
