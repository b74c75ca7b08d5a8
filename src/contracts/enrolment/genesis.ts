import { AssentError, toHex } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { name } from '../engine/leaves.ts';
import type { GenesisContent } from '../ledger-types.ts';
import { domainPolicyCodec } from './policy.ts';
import { domainNames, domains, domainsMax, governance, members } from './state.ts';

const names = name();

/** Writes the members and domains that genesis declares. @throws AssentError `genesis-invalid`. */
export function initialiseEnrolment(genesis: GenesisContent, state: WritableState): void {
  for (const member of genesis.members) {
    demandName('member', member.name);
    const keyHex = toHex(member.governanceKey);
    if (members.get(state, member.name) !== undefined) throw invalid(`member ${member.name} is declared twice`);
    if (governance.get(state, keyHex) !== undefined) throw invalid(`member ${member.name} shares its governance key`);
    members.put(state, [member.name], { governanceKey: member.governanceKey });
    governance.put(state, [keyHex], { member: member.name });
  }
  if (genesis.domains.length > domainsMax) throw invalid(`more than ${domainsMax} domains`);
  for (const declared of genesis.domains) {
    demandName('domain', declared.name);
    if (domains.get(state, declared.name) !== undefined) throw invalid(`domain ${declared.name} is declared twice`);
    if (members.get(state, declared.custodian) === undefined)
      throw invalid(`the custodian of domain ${declared.name} is not a member`);
    const policy = domainPolicyCodec.fromWire(declared.policy);
    if (!policy.ok) throw invalid(`domain ${declared.name}: ${policy.problem}`);
    if (policy.value.legalBases.length > 0)
      throw invalid(`domain ${declared.name}: legal bases are not covered by this rule set`);
    const { name: domain, custodian } = declared;
    domains.put(state, [domain], { name: domain, custodian, policy: policy.value, version: 1 });
  }
  domainNames.put(state, [], { names: genesis.domains.map((domain) => domain.name).sort() });
}

function demandName(what: string, text: string): void {
  if (!names.safeParse(text).success) throw invalid(`"${text}" is no name of a ${what}`);
}

function invalid(message: string): AssentError {
  return new AssentError('genesis-invalid', message);
}
