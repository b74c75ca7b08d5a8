import { domainPolicyFromJson } from '../enrolment/policy.ts';
import type { CanonicalValue, GenesisContent } from '../ledger-types.ts';

export interface TestGenesis {
  /** Names of members; each one's governance key is that of the actor of the same name. */
  readonly members?: readonly string[];
  /** Node name to member and role; its key is that of the actor of the same name. */
  readonly nodes?: Readonly<Record<string, { readonly member: string; readonly role: 'voter' | 'learner' }>>;
  readonly parameters?: Readonly<Record<string, CanonicalValue>>;
  /** Domain name to custodian and policy in JSON form. */
  readonly domains?: Readonly<Record<string, { readonly custodian: string; readonly policy: unknown }>>;
}

export function testGenesis(
  declared: TestGenesis,
  ruleSet: string,
  createdAt: number,
  actor: (name: string) => { readonly key: Uint8Array },
): GenesisContent {
  return {
    ledgerName: 'test',
    createdAt,
    members: (declared.members ?? []).map((name) => ({ name, governanceKey: actor(name).key })),
    nodes: Object.entries(declared.nodes ?? {}).map(([name, node]) => ({ publicKey: actor(name).key, ...node })),
    domains: Object.entries(declared.domains ?? {}).map(([name, { custodian, policy }]) => {
      return { name, custodian, policy: domainPolicyFromJson(policy) };
    }),
    parameters: Object.entries(declared.parameters ?? {}),
    ruleSet,
  };
}
