import { access } from './access/contract.ts';
import { consent } from './consent/contract.ts';
import { credential } from './credential/contract.ts';
import { type Catalogue, catalogueOf, type RuleCode } from './engine/catalogue.ts';
import { entryReader } from './engine/stream-entry.ts';
import { enrolment } from './enrolment/contract.ts';
import { governance } from './governance/contract.ts';
import { identity } from './identity/contract.ts';
import { record } from './record/contract.ts';

/** Name of the rule set that the built-in contracts and tables make up. */
export const ruleSet = 'assent-rules/1';

export const builtInContracts: Catalogue = catalogueOf([
  enrolment,
  identity,
  credential,
  consent,
  access,
  record,
  governance,
]);

/** Every code that this rule set refuses with. */
export const ruleCodes: readonly RuleCode[] = builtInContracts.ruleCodes;

const readEntry = entryReader([
  ...new Set(builtInContracts.contracts.flatMap(({ streams }) => Object.values(streams).flat())),
]);

/**
 * JSON form of an entry of any stream of the built-in contracts, as each of them declares it: its `type` and fields.
 * @throws AssentError `encoding-invalid`.
 */
export function describeEntry(entry: Uint8Array): Record<string, unknown> {
  return readEntry(entry);
}
