import type { Style } from './style.ts';
import { paintDecision } from './style.ts';
import { shortHash } from './words.ts';

/** A decision as an explanation of the rules tells it, in JSON form; for a requester most of it is left out. */
export interface ExplainedDecision {
  readonly decision: string;
  readonly reason?: string;
  readonly agent?: string;
  readonly gate?: { readonly element: string; readonly expected: string; readonly got: string };
  readonly consents?: readonly {
    readonly consent: string;
    readonly version: number;
    readonly results: readonly string[];
    readonly determining: boolean;
    readonly claimed?: boolean;
    readonly mismatches?: readonly {
      readonly path: string;
      readonly element: string;
      readonly expected: string;
      readonly got: string;
    }[];
  }[];
}

const reasons: Readonly<Record<string, string>> = {
  gate: 'the requester does not pass the gate',
  'legal-basis': 'by the legal basis that was cited',
  deny: 'a consent denies it',
  permit: 'a consent permits it',
  'weak-deny': 'a consent permits for this purpose, but not this record',
  'implicit-policy': "no consent speaks: the domain's implicit policy",
  undecided: 'what is not known would decide it',
  'break-glass': 'the glass is broken',
};

/** Why, in a few words. */
export function reasonText(reason: string | undefined): string {
  return reason === undefined ? 'no reason is given' : (reasons[reason] ?? reason);
}

/** What failed before any consent was looked at. */
export function gateText({ element, expected, got }: NonNullable<ExplainedDecision['gate']>): string {
  return `${element}: expected ${expected}, got ${got}`;
}

/** A line for each consent that was looked at, and under it what kept it from applying. */
export function consentLines({ gate, consents = [] }: ExplainedDecision): string[] {
  const lines = consents.flatMap(({ consent, version, results, determining, claimed, mismatches = [] }) => [
    `  consent ${shortHash(consent)} version ${version}: ${results.join(' or ')}` +
      `${claimed === true ? ', as the gateway found' : ''}${determining ? ', which decides' : ''}`,
    ...mismatches.map(({ path, element, expected, got }) => `    ${path}: ${element} is ${got}, not ${expected}`),
  ]);
  return gate === undefined ? lines : [`  ${gateText(gate)}`, ...lines];
}

export function decisionLine(style: Style, { decision, reason }: ExplainedDecision): string {
  return `${paintDecision(style, decision)}${reason === undefined ? '' : ` (${reason}): ${reasonText(reason)}`}`;
}
