import { consentLimits } from '../consent.ts';
import { isSystem, type systems } from '../tables/systems.ts';
import { type Findings, isAddress, isElement, isText, readList, refuseUnknown } from './findings.ts';

export interface Coding {
  readonly system: string | undefined;
  readonly code: string;
}

/** FHIR R4, "code": single spaces inside at the most. */
const codeText = /^[^\s\p{Cc}]+(?: [^\s\p{Cc}]+)*$/u;

/** One Coding; refused where it has no code. A version stands beside the system, not in it. */
export function readCoding(findings: Findings, value: unknown, path: string): Coding | undefined {
  if (!isElement(value)) return findings.refuse(path, 'shape-invalid', 'A Coding is expected.');
  refuseUnknown(findings, value, path, ['system', 'version', 'code', 'display', 'userSelected']);
  const { system, code, display } = value;
  if (code === undefined && (display !== undefined || system !== undefined))
    return findings.refuse(path, 'text-only', 'It has no code.');
  if (!isText(code) || !codeText.test(code) || (system !== undefined && (!isAddress(system) || system.includes('|'))))
    return findings.refuse(path, 'shape-invalid', 'A code, and mostly the address of a system, are expected.');
  return { system, code };
}

/** The codings of a CodeableConcept: they say the same, so each of them counts. */
export function readConcept(findings: Findings, value: unknown, path: string): Coding[] | undefined {
  if (!isElement(value)) return findings.refuse(path, 'shape-invalid', 'A CodeableConcept is expected.');
  refuseUnknown(findings, value, path, ['coding', 'text']);
  const { coding, text } = value;
  if (coding === undefined)
    return findings.refuse(path, 'text-only', text === undefined ? 'It has no code.' : 'It has a text and no code.');
  return readList(findings, coding, `${path}.coding`, consentLimits.listMax, (item, at) =>
    readCoding(findings, item, at),
  );
}

/** As clauses hold it. Codes without a system are compared with codes without one. */
export function textOf({ system, code }: Coding): string {
  return system === undefined ? code : `${system}|${code}`;
}

/** The code where the coding is of this system. */
export function codeOf(system: keyof typeof systems, coding: Coding): string | undefined {
  return isSystem(system, coding.system) ? coding.code : undefined;
}
