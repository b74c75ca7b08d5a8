import { equalBytes } from '../../base/index.ts';
import { type BlockCertificate, decodeBlockCertificate, type RestoredState, type Tip } from '../../consensus/index.ts';
import { verifySignature } from '../../crypto/index.ts';
import { type Genesis, invalidRecovery, isBegun, Ledger, readBlock } from '../../ledger/index.ts';
import type { DataDirectory, Store } from '../../storage/index.ts';
import { BlockBodies } from '../replica/block-bodies.ts';
import { consensusConfiguration } from '../replica/configuration.ts';
import { ConfigurationRecords } from '../replica/configuration-records.ts';
import { certificateKey } from '../replica/persistence.ts';
import { readRecord } from '../replica/records.ts';
import { restore } from '../replica/restore.ts';
import { createExecutor } from '../rules.ts';

/** The chain of a stopped node, as its directory has it. */
export interface ChainAtRest {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly configurations: ConfigurationRecords;
  readonly restored: RestoredState;
  /** The certificate of the highest certified block of this chain. */
  readonly certificate: BlockCertificate | undefined;
}

/** Throws `recovery-invalid` for a directory in which no ledger was begun, and `storage-damaged`. */
export function openChainAtRest({ store, journal }: DataDirectory, genesis: Genesis): ChainAtRest {
  if (!isBegun(store)) throw invalidRecovery('this node has nothing of the ledger yet');
  const verify = verifySignature;
  const ledger = new Ledger(store, genesis, createExecutor());
  const configurations = new ConfigurationRecords(store, consensusConfiguration(genesis.configuration));
  const bodies = new BlockBodies({ store, genesis, verify, configurations });
  const mark = journal.lost ? journal.mark : undefined;
  const peers = [...configurations.nodes()];
  const restored = restore({ store, mark, ledger, bodies, configurations, verify, peers });
  return { store, ledger, configurations, restored, certificate: highestCertificate(store, ledger, restored) };
}

/** Whether the chain has this block. */
export function hasBlock(store: Store, { height, hash }: Pick<Tip, 'height' | 'hash'>): boolean {
  const block = readBlock(store, height);
  return block !== undefined && equalBytes(block.hash, hash);
}

/** The newest one kept may be of a block that the disk lost; then an older one is. */
function highestCertificate(store: Store, ledger: Ledger, restored: RestoredState): BlockCertificate | undefined {
  const { certificate } = restored;
  if (certificate !== undefined && isHere(store, certificate)) return certificate;
  for (let { height } = ledger.applied; height >= ledger.firstBlockHeight; height--) {
    const kept = readRecord(store, certificateKey(height), decodeBlockCertificate);
    if (kept !== undefined && isHere(store, kept)) return kept;
  }
  return undefined;
}

function isHere(store: Store, { ack }: BlockCertificate): boolean {
  return hasBlock(store, { height: ack.height, hash: ack.blockHash });
}
