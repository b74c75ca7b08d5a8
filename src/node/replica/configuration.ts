import type { Configuration } from '../../consensus/index.ts';
import { encodeNodeId } from '../../crypto/index.ts';
import type { Ledger } from '../../ledger/index.ts';

/** The configuration that the genesis declares, as consensus sees it. */
export function consensusConfiguration(ledger: Ledger): Configuration {
  const { generation, nodes, hash } = ledger.genesis.configuration;
  return {
    generation,
    hash,
    nodes: nodes.map(({ publicKey, role }) => ({ id: encodeNodeId(publicKey), publicKey, role })),
  };
}
