import { consentLimits } from '../consent.ts';
import { isSystem, type systems } from '../tables/systems.ts';
import { type Findings, isElement, readList } from './findings.ts';

export interface Coding {
  readonly system: string | undefined;
  readonly code: string;
}

/** One Coding; refused where it has no code. */
export function readCoding(findings: Findings, value: unknown, path: string): Coding | undefined {
  if (!isElement(value)) return findings.refuse(path, 'shape-invalid', 'A Coding is expected.');
  const { system, code, display } = value;
  if (code === undefined && (display !== undefined || system !== undefined))
    return findings.refuse(path, 'text-only', 'It has no code.');
  if (!isText(code) || (system !== undefined && !isText(system)))
    return findings.refuse(path, 'shape-invalid', 'A code, and mostly a system, are expected.');
  return { system, code };
}

/** The codings of a CodeableConcept: they say the same, so each of them counts. */
export function readConcept(findings: Findings, value: unknown, path: string): Coding[] | undefined {
  if (!isElement(value)) return findings.refuse(path, 'shape-invalid', 'A CodeableConcept is expected.');
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

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= consentLimits.textMax;
}
