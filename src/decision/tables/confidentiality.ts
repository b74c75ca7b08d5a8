/** HL7 v3 Confidentiality, from unrestricted to very restricted. Part of the rule set: another table is another rule set. */
export const confidentialities = ['U', 'L', 'M', 'N', 'R', 'V'] as const;
export type Confidentiality = (typeof confidentialities)[number];

export function isConfidentiality(code: string): code is Confidentiality {
  return (confidentialities as readonly string[]).includes(code);
}

/** Below zero when `left` is less confidential than `right`, 0 when they are equal. */
export function compareConfidentiality(left: Confidentiality, right: Confidentiality): number {
  return confidentialities.indexOf(left) - confidentialities.indexOf(right);
}
