import { Raft, type RestoredState } from '../../consensus/index.ts';
import { encodeNodeId } from '../../crypto/index.ts';
import { openBlock } from '../../ledger/index.ts';
import { BlockBodies } from './block-bodies.ts';
import { consensusConfiguration } from './configuration.ts';
import { ConfigurationRecords } from './configuration-records.ts';
import { readRecovery } from './recovery-record.ts';
import type { ReplicaOptions } from './replica-options.ts';
import { restore } from './restore.ts';
import type { BlockAccess } from './wire.ts';

export interface OpenedChain {
  readonly configurations: ConfigurationRecords;
  readonly bodies: BlockBodies;
  /** The same, as messages are read and written with. */
  readonly blocks: BlockAccess;
  readonly restored: RestoredState;
  readonly raft: Raft;
}

/** What the disk does not say of a process's life so far. */
export interface Life {
  /** The first of this process: what its journal found at the start counts. */
  readonly isFirst: boolean;
  /** See {@link RestoredState.contradiction}. */
  readonly contradiction: string | undefined;
}

/** Consensus as it stands on the disk. Throws `storage-damaged`. */
export function openChain(options: ReplicaOptions, { isFirst, contradiction }: Life): OpenedChain {
  const { ledger, store, journal, verify, nodeKey, random, logger, seeds, parameters, limits } = options;
  const nodeId = encodeNodeId(nodeKey.publicKey);
  const configuration = consensusConfiguration(ledger.genesis.configuration);
  const configurations = new ConfigurationRecords(store, configuration);
  const bodies = new BlockBodies({ store, genesis: ledger.genesis, verify, configurations });
  const recovery = readRecovery(store, ledger.genesis, verify);
  if (recovery !== undefined) configurations.learn(recovery.configuration);
  const peers = [...configurations.nodes()].filter((id) => id !== nodeId);
  const isLost = isFirst && journal.lost;
  const mark = isLost ? journal.mark : undefined;
  const restored = restore({ store, mark, ledger, bodies, configurations, verify, peers });
  if (isLost)
    logger.warn(
      { height: restored.tip.height, promisedHeight: restored.hardState.ack?.height },
      'the database lost its end; this node repairs from its peers before it votes or acknowledges again',
    );
  const raft = new Raft({
    nodeId,
    ledgerId: ledger.ledgerId,
    signer: nodeKey,
    verify,
    random,
    chain: bodies,
    configuration,
    ...(seeds === undefined ? {} : { seeds }),
    restored: contradiction === undefined ? restored : { ...restored, contradiction },
    ...(recovery === undefined ? {} : { recovery }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(limits === undefined ? {} : { limits }),
  });
  const blocks: BlockAccess = {
    bytes: (reference) => bodies.body(reference).bytes,
    receive: (bytes) => bodies.receive(openBlock(bytes)),
  };
  return { configurations, bodies, blocks, restored, raft };
}
