import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainPolicyFromJson, ruleSet } from '../../src/contracts/index.ts';
import { createSigner, generateSeed, type Signer } from '../../src/crypto/index.ts';
import { createGenesis, type Genesis, genesisToText } from '../../src/ledger/index.ts';
import { createNodeKey, type NodeConfig, parseConfig, resolveFiles } from '../../src/node/index.ts';

/** What a test needs to start a node: its configuration, and who may do what on its ledger. */
export interface PreparedNode {
  readonly config: NodeConfig;
  readonly genesis: Genesis;
  /** Governance key of the one member, `north`. */
  readonly member: Signer;
}

/**
 * Writes key and genesis of a ledger of one member and one domain, `north-clinic`, into the directory. Of its voters
 * only one can ever run; the `absent` others have keys that nobody holds.
 */
export function prepareNode(directory: string, settings: object = {}, absent = 0): PreparedNode {
  const key = createNodeKey(join(directory, 'node.key'));
  const member = createSigner(generateSeed());
  const genesis = createGenesis({
    ledgerName: 'test-ledger',
    createdAt: Date.now(),
    members: [{ name: 'north', governanceKey: member.publicKey }],
    nodes: [key.signer.publicKey, ...absentKeys(absent)].map((publicKey) => ({
      publicKey,
      member: 'north',
      role: 'voter',
    })),
    domains: [
      {
        name: 'north-clinic',
        custodian: 'north',
        policy: domainPolicyFromJson({
          timeZone: 'Europe/Zurich',
          roles: [{ role: 'clinician', purposes: ['TREAT'] }],
        }),
      },
    ],
    parameters: [],
    ruleSet,
  });
  writeFileSync(join(directory, 'genesis'), genesisToText(genesis));
  return { config: configOf(directory, settings), genesis, member };
}

/** Free ports, quick elections, and whatever a test wants to be otherwise. */
export function configOf(directory: string, settings: object = {}): NodeConfig {
  const text = JSON.stringify({
    p2p: { listen: { port: 0 } },
    api: { listen: { port: 0 } },
    timing: { tickMs: 5, heartbeatTicks: 5, electionTicks: 20, shutdownMs: 5000 },
    log: { file: 'node.log' },
    ...settings,
  });
  return resolveFiles(parseConfig(text, 'node.json'), directory);
}

function absentKeys(count: number): readonly Uint8Array[] {
  return Array.from({ length: count }, () => createSigner(generateSeed()).publicKey);
}
