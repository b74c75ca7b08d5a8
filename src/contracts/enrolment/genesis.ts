import { AssentError } from '../../base/index.ts';
import type { WritableState } from '../engine/contract.ts';
import { name } from '../engine/leaves.ts';
import type { GenesisContent } from '../ledger-types.ts';
import { domainPolicyCodec } from './policy.ts';
import { domainNames, domains, domainsMax } from './state.ts';

const names = name();

/** Writes the domains that genesis declares. @throws AssentError `genesis-invalid`. */
export function initialiseEnrolment(genesis: GenesisContent, state: WritableState): void {
  const members = new Set(genesis.members.map((member) => member.name));
  if (genesis.domains.length > domainsMax) throw invalid(`more than ${domainsMax} domains`);
  for (const declared of genesis.domains) {
    if (!names.safeParse(declared.name).success) throw invalid(`"${declared.name}" is no name of a domain`);
    if (domains.get(state, declared.name) !== undefined) throw invalid(`domain ${declared.name} is declared twice`);
    if (!members.has(declared.custodian)) throw invalid(`the custodian of domain ${declared.name} is not a member`);
    const policy = domainPolicyCodec.fromWire(declared.policy);
    if (!policy.ok) throw invalid(`domain ${declared.name}: ${policy.problem}`);
    const { name: domain, custodian } = declared;
    domains.put(state, [domain], { name: domain, custodian, policy: policy.value, version: 1 });
  }
  domainNames.put(state, [], { names: genesis.domains.map((domain) => domain.name).sort() });
}

function invalid(message: string): AssentError {
  return new AssentError('genesis-invalid', message);
}
