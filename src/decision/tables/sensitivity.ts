/**
 * HL7 v3 ActCode, what stands below InformationSensitivityPolicy in FHIR R4 (4.0.1), each with the codes directly above.
 * The codes of substance use stand below ETH too, the older code for them (docs/decision.md).
 */
const above: Readonly<Record<string, readonly string[]>> = {
  ETH: [],
  GDIS: [],
  HIV: [],
  MST: [],
  SCA: [],
  SDV: [],
  SEX: [],
  SPI: [],
  BH: ['SPI'],
  COGN: ['BH'],
  DVD: ['BH'],
  EMOTDIS: ['BH'],
  MH: ['SPI'],
  PSY: ['SPI'],
  PSYTHPN: ['SPI'],
  SUD: ['SPI', 'ETH'],
  ETHUD: ['SUD'],
  OPIOIDUD: ['SUD'],
  STD: [],
  TBOO: [],
  VIO: [],
  SICKLE: [],
  DEMO: [],
  DOB: [],
  GENDER: [],
  LIVARG: [],
  MARST: [],
  RACE: [],
  REL: [],
  B: [],
  EMPL: [],
  LOCIS: [],
  SSP: [],
  ADOL: [],
  CEL: [],
  DIA: [],
  DRGIS: [],
  EMP: [],
  PDS: [],
  PHY: [],
  PRS: [],
};

export const sensitivities: readonly string[] = Object.keys(above);

export function isSensitivity(code: string): boolean {
  return Object.hasOwn(above, code);
}

/** Whether `general` is `special` or stands above it. */
export function coversSensitivity(general: string, special: string): boolean {
  return general === special || (above[special] ?? []).some((code) => coversSensitivity(general, code));
}
