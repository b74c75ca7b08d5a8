import { codeIn } from './systems.ts';

/**
 * HL7 v3 ActReason, the PurposeOfUse hierarchy as FHIR R4 (4.0.1) ships it: most general first.
 * Part of the rule set: another table is another rule set.
 */
export const purposes = [
  'HMARKT',
  'HOPERAT',
  'CAREMGT',
  'DONAT',
  'FRAUD',
  'GOV',
  'HACCRED',
  'HCOMPL',
  'HDECD',
  'HDIRECT',
  'HDM',
  'HLEGAL',
  'HOUTCOMS',
  'HPRGRP',
  'HQUALIMP',
  'HSYSADMIN',
  'LABELING',
  'METAMGT',
  'MEMADMIN',
  'MILCDM',
  'PATADMIN',
  'PATSFTY',
  'PERFMSR',
  'RECORDMGT',
  'SYSDEV',
  'HTEST',
  'TRAIN',
  'HPAYMT',
  'CLMATTCH',
  'COVAUTH',
  'COVERAGE',
  'ELIGDTRM',
  'ELIGVER',
  'ENROLLM',
  'MILDCRG',
  'REMITADV',
  'HRESCH',
  'BIORCH',
  'CLINTRCH',
  'CLINTRCHNPC',
  'CLINTRCHPC',
  'PRECLINTRCH',
  'DSRCH',
  'POARCH',
  'TRANSRCH',
  'PATRQT',
  'FAMRQT',
  'PWATRNY',
  'SUPNWK',
  'PUBHLTH',
  'DISASTER',
  'THREAT',
  'TREAT',
  'CLINTRL',
  'COC',
  'ETREAT',
  'BTG',
  'ERTREAT',
  'POPHLTH',
] as const;

/** A purpose of use of v3 ActReason: the one system whose purposes the tables say something of. */
export type Purpose = (typeof purposes)[number];

/** A purpose of any system, as it is written and compared: bare where it is of v3 ActReason, else `system|code`. */
export type PurposeOfUse = Purpose | `${string}|${string}`;

/** The purpose directly above each; undefined at the top. */
const parents: Readonly<Record<Purpose, Purpose | undefined>> = {
  HMARKT: undefined,
  HOPERAT: undefined,
  CAREMGT: 'HOPERAT',
  DONAT: 'HOPERAT',
  FRAUD: 'HOPERAT',
  GOV: 'HOPERAT',
  HACCRED: 'HOPERAT',
  HCOMPL: 'HOPERAT',
  HDECD: 'HOPERAT',
  HDIRECT: 'HOPERAT',
  HDM: 'HOPERAT',
  HLEGAL: 'HOPERAT',
  HOUTCOMS: 'HOPERAT',
  HPRGRP: 'HOPERAT',
  HQUALIMP: 'HOPERAT',
  HSYSADMIN: 'HOPERAT',
  LABELING: 'HSYSADMIN',
  METAMGT: 'HSYSADMIN',
  MEMADMIN: 'HOPERAT',
  MILCDM: 'HOPERAT',
  PATADMIN: 'HOPERAT',
  PATSFTY: 'HOPERAT',
  PERFMSR: 'HOPERAT',
  RECORDMGT: 'HOPERAT',
  SYSDEV: 'HOPERAT',
  HTEST: 'SYSDEV',
  TRAIN: 'HOPERAT',
  HPAYMT: undefined,
  CLMATTCH: 'HPAYMT',
  COVAUTH: 'HPAYMT',
  COVERAGE: 'HPAYMT',
  ELIGDTRM: 'COVERAGE',
  ELIGVER: 'COVERAGE',
  ENROLLM: 'COVERAGE',
  MILDCRG: 'COVERAGE',
  REMITADV: 'HPAYMT',
  HRESCH: undefined,
  BIORCH: 'HRESCH',
  CLINTRCH: 'HRESCH',
  CLINTRCHNPC: 'CLINTRCH',
  CLINTRCHPC: 'CLINTRCH',
  PRECLINTRCH: 'CLINTRCH',
  DSRCH: 'HRESCH',
  POARCH: 'HRESCH',
  TRANSRCH: 'HRESCH',
  PATRQT: undefined,
  FAMRQT: 'PATRQT',
  PWATRNY: 'PATRQT',
  SUPNWK: 'PATRQT',
  PUBHLTH: undefined,
  DISASTER: 'PUBHLTH',
  THREAT: 'PUBHLTH',
  TREAT: undefined,
  CLINTRL: 'TREAT',
  COC: 'TREAT',
  ETREAT: 'TREAT',
  BTG: 'ETREAT',
  ERTREAT: 'ETREAT',
  POPHLTH: 'TREAT',
};

const noneAbove: readonly Purpose[] = [];

/** Those above each purpose, the nearest first. */
const generals: ReadonlyMap<string, readonly Purpose[]> = new Map(
  purposes.map((purpose) => {
    const above: Purpose[] = [];
    for (let one = parents[purpose]; one !== undefined; one = parents[one]) above.push(one);
    return [purpose, above];
  }),
);

/** The purpose directly above, or undefined at the top. */
export function parentPurpose(purpose: Purpose): Purpose | undefined {
  return parents[purpose];
}

export function isPurpose(code: string): code is Purpose {
  return generals.has(code);
}

/** Whether `general` is `special` or stands above it: BTG is an ETREAT is a TREAT (docs/decision.md, step 3). */
export function subsumes(general: Purpose, special: Purpose): boolean {
  return general === special || generalsOf(special).includes(general);
}

/** Everything above a purpose, nearest first; nothing for one of another system. */
export function generalsOf(purpose: string): readonly Purpose[] {
  return generals.get(purpose) ?? noneAbove;
}

/** The purpose and everything below it, to show to whoever grants it. */
export function includedPurposes(purpose: Purpose): readonly Purpose[] {
  return purposes.filter((candidate) => subsumes(purpose, candidate));
}

/** FHIR R4, "uri" and "code": an address without spaces, and a code with single spaces inside at the most. */
const systemAndCode = /^[^\s|]+\|[^\s]+( [^\s]+)*$/;

/**
 * A purpose in its one written form. One of another system than v3 ActReason matches itself alone, since no table
 * says what includes it. Undefined for what is none.
 */
export function readPurpose(text: string): PurposeOfUse | undefined {
  const code = codeIn('purpose', text);
  if (code === undefined) return systemAndCode.test(text) ? (text as PurposeOfUse) : undefined;
  return isPurpose(code) ? code : undefined;
}
