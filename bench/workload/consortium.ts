import { assert, present, utf8 } from '../../src/base/index.ts';
import { type Identity, identityOf } from '../../src/client/index.ts';
import { ruleSet } from '../../src/contracts/index.ts';
import { createSigner, sha256 } from '../../src/crypto/index.ts';
import { generateConsortium, genesisDomains, genesisMembers } from '../../src/demo/index.ts';
import { createGenesis, type Genesis } from '../../src/ledger/index.ts';

/** A custodian with the keys that act for it. */
export interface Custodian {
  readonly member: string;
  readonly domain: string;
  readonly governance: Identity;
  readonly gateway: Identity;
  readonly clinician: Identity;
  /** All its clinicians. */
  readonly staff: readonly Identity[];
}

/** Clinicians of a hospital. */
export const staffCount = 40;

const consortium = generateConsortium(sha256(utf8('benchmark')));

/** The three hospitals of the demo, each with governance, gateway and a clinician. */
export function custodians(): readonly Custodian[] {
  return consortium.hospitals.map(({ member, domain }) => {
    const staff = Array.from({ length: staffCount }, (_, number) =>
      identityOf(sha256(utf8(`clinician ${number} of ${member}`)), createSigner),
    );
    const [clinician] = staff;
    return {
      member,
      domain,
      governance: keyOf(member, 'governance'),
      gateway: keyOf(member, 'gateway'),
      clinician: present(clinician, 'a hospital has clinicians'),
      staff,
    };
  });
}

/** The consortium's genesis with one voter a member. */
export function consortiumGenesis(nodeKeys: readonly Uint8Array[]): Genesis {
  const { hospitals } = consortium;
  assert(nodeKeys.length <= hospitals.length, 'each member runs at most one node');
  return createGenesis({
    ledgerName: 'benchmark',
    createdAt: Date.now(),
    members: genesisMembers(consortium, createSigner),
    nodes: nodeKeys.map((publicKey, index) => ({
      publicKey,
      member: present(hospitals[index], 'checked above').member,
      role: 'voter',
    })),
    domains: genesisDomains(consortium),
    parameters: [],
    ruleSet,
  });
}

function keyOf(member: string, role: string): Identity {
  const key = consortium.keys.find(({ attributes }) => attributes['member'] === member && attributes['role'] === role);
  return identityOf(present(key, `the consortium has a ${role} key of ${member}`).seed, createSigner);
}
