import type { Command } from 'commander';
import { AssentError } from '../../base/index.ts';
import { decisionPolicyOf, domainPolicyToJson, readDomainPolicy } from '../../contracts/index.ts';
import { type Consent, type DecisionPolicy, lintPolicy } from '../../decision/index.ts';
import { readConsent, readJson } from '../consents/read-consent.ts';
import type { Context } from '../context.ts';
import { findingsReport } from '../output/findings.ts';
import type { Report, Session } from '../session.ts';
import { listOf } from './values.ts';

/** `policy new` and `policy lint`: what there is to do before a policy is proposed. */
export function addPolicyLint(policy: Command, session: Session): void {
  policy
    .command('new')
    .description('print a policy to begin with, as a proposal takes it')
    .action(session.run(() => template()));
  policy
    .command('lint [file]')
    .description('what in a policy nobody can use, or says two things; exits 1 with findings, 0 without')
    .option('--domain <name>', 'the policy of this domain, as the ledger has it')
    .option('--consents <files>', 'consents to hold it against, with commas: FHIR R4 or of assent/decision', listOf)
    .action(session.run(lint));
}

/** A custodian takes from it and adds to it. */
function template(): Report {
  const policy = readDomainPolicy({
    implicit: 'deny',
    timeZone: 'Europe/Brussels',
    roles: [
      { role: 'clinician', purposes: ['TREAT', 'PUBHLTH'] },
      { role: 'emergency-physician', purposes: ['TREAT'] },
      { role: 'researcher', purposes: ['HRESCH'] },
      { role: 'privacy-officer', purposes: ['HCOMPL'] },
    ],
    emergency: { roles: ['emergency-physician'] },
    legalBases: [{ name: 'notifiable-disease', role: 'clinician', purpose: 'PUBHLTH' }],
  });
  const json = domainPolicyToJson(policy);
  return { json, text: JSON.stringify(json, undefined, 2) };
}

interface LintFlags {
  readonly domain?: string;
  readonly consents?: readonly string[];
}

async function lint(context: Context, file: string | undefined, flags: LintFlags): Promise<Report> {
  if ((file === undefined) === (flags.domain === undefined))
    throw new AssentError('usage', 'This command needs a file, or --domain NAME: one of them.');
  const json =
    file === undefined
      ? (await context.client().domain(context.required(flags.domain, '--domain NAME'))).policy
      : readJson(context.path(file));
  const consents = flags.consents?.map((name) => consentOf(context.path(name)));
  return findingsReport(context.style, lintPolicy(policyOf(json), consents));
}

/** A domain's policy as the ledger has it, alone or as `domain show` prints it, or one in the form of `assent/decision`. */
function policyOf(json: unknown): DecisionPolicy {
  const given = (json ?? {}) as { readonly policy?: unknown };
  if (given.policy !== undefined) return policyOf(given.policy);
  const isOfLedger = 'openCategories' in given || 'reviewDeadlineHours' in given;
  return isOfLedger ? decisionPolicyOf(readDomainPolicy(json)) : (json as DecisionPolicy);
}

function consentOf(file: string): Consent {
  const read = readConsent(file, { timeZone: 'UTC', resolve: (reference) => reference });
  if (read.ok) return read.consent;
  throw new AssentError(
    'usage',
    `${file} is no consent that can be decided on: \`assent consent lint ${file}\` says why.`,
  );
}
