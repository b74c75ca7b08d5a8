import { includedPurposes, parentPurpose, purposes } from '../../../../src/decision/index.ts';
import { purposeNames } from './purpose-names.ts';

/** Every purpose that stands at the top or has others below it, with all that are permitted with it. */
export function purposesTable(): string {
  const rows = purposes.flatMap((purpose) => {
    const below = includedPurposes(purpose).filter((other) => other !== purpose);
    if (below.length === 0 && parentPurpose(purpose) !== undefined) return [];
    const included = below.map((code) => `${code} (${purposeNames[code].toLowerCase()})`).join(', ');
    return [`| **${purpose}** ${purposeNames[purpose].toLowerCase()} | ${included || 'nothing else'} |`];
  });
  return ['| purpose | includes |', '|---|---|', ...rows].join('\n');
}
