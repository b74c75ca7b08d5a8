import { type Command, Option } from 'commander';
import { type Effect, lintConsent } from '../../decision/index.ts';
import { readJson } from '../consents/read-consent.ts';
import { findingsReport } from '../output/findings.ts';
import type { Session } from '../session.ts';

/** `consent lint`: needs no ledger. */
export function addConsentLint(consent: Command, session: Session): void {
  consent
    .command('lint <file>')
    .description('what in a FHIR R4 Consent, or one of assent/decision, is ambiguous or idle; exits 1 with findings')
    .addOption(new Option('--root-type <type>', 'what the root is, where it does not say').choices(['permit', 'deny']))
    .action(
      session.run((context, file: string, flags: { rootType?: Effect }) =>
        findingsReport(context.style, lintConsent(readJson(context.path(file)), flags)),
      ),
    );
}
