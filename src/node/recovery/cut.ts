import { readUint64, uint64Bytes, utf8 } from '../../base/index.ts';
import type { HardState } from '../../consensus/index.ts';
import { encodeNodeId } from '../../crypto/index.ts';
import {
  deleteBlock,
  encodeRecovery,
  invalidRecovery,
  readBlock,
  type SignedRecovery,
  UnverifiedTransaction,
} from '../../ledger/index.ts';
import { type Operation, prefixedKey, prefixRange, type RekeyBatch, type Store } from '../../storage/index.ts';
import { certificateKey } from '../replica/persistence.ts';
import {
  encodeHardState,
  hardStateKey,
  highestCertificateKey,
  highestTermKey,
  termCertificateKey,
} from '../replica/records.ts';
import { recoveryKey } from '../replica/recovery-record.ts';
import { type ChainAtRest, hasBlock } from './chain-at-rest.ts';
import { type BlockPlace, placeOf } from './report.ts';

/** A block that is given up, and what was in it. */
export interface AbandonedBlock extends BlockPlace {
  /** Whether somebody may have been told that it is final. */
  readonly certified: boolean;
  /** Ids of its transactions, in hexadecimal. */
  readonly transactions: readonly string[];
}

const certificatesPageMax = 512;

/**
 * The height up to which this chain is kept: the base where it is here, else what is applied, which every certified chain
 * has. Undefined where more than the base is applied, or another block: state cannot be taken back.
 */
export function keptHeight({ store, ledger }: ChainAtRest, { statement }: SignedRecovery): number | undefined {
  const { applied } = ledger;
  const { base } = statement;
  if (hasBlock(store, base)) return applied.height <= base.height ? base.height : undefined;
  return applied.height < base.height ? applied.height : undefined;
}

/** The blocks above the base, lowest first; of another chain, those above what is applied. */
export function abandonedBlocks(chain: ChainAtRest, { statement }: SignedRecovery): AbandonedBlock[] {
  const { store, ledger, restored } = chain;
  const above = hasBlock(store, statement.base)
    ? statement.base.height
    : Math.min(ledger.applied.height, statement.base.height);
  const certifiedHeight = Math.max(chain.certificate?.ack.height ?? 0, ledger.applied.height);
  const blocks: AbandonedBlock[] = [];
  const first = Math.max(above + 1, ledger.firstBlockHeight);
  for (let height = first; height <= restored.tip.height; height++) {
    const block = readBlock(store, height);
    if (block === undefined) break;
    blocks.push({
      ...placeOf({ height, term: block.header.term, hash: block.hash }),
      certified: height <= certifiedHeight,
      transactions: block.transactionBytes.map((bytes) => new UnverifiedTransaction(bytes).idHex),
    });
  }
  return blocks;
}

/** Throws `recovery-invalid` where the statement does not follow what this directory knows of the ledger. */
export function checkFollows({ configurations, store }: ChainAtRest, { statement }: SignedRecovery): void {
  const { base, content } = statement;
  const former = configurations.nodes();
  const changes = configurations.changes.filter(({ height }) => height <= base.height);
  const [newest] = changes.slice(-1);
  const before = newest && configurations.get(newest.configurationHash);
  const generation = before?.generation ?? 0;
  const isNext = hasBlock(store, base) ? content.generation === generation + 1 : content.generation > generation;
  if (!isNext) throw invalidRecovery(`it founds generation ${content.generation} after generation ${generation}`);
  for (const { publicKey } of content.nodes)
    if (former.has(encodeNodeId(publicKey))) throw invalidRecovery('a node key is not new');
}

/** Cuts the chain at a height, forgets what was signed with the former key, and keeps the statement. */
export async function cutOperations(
  { store, restored, configurations, certificate }: ChainAtRest,
  recovery: SignedRecovery,
  kept: number,
): Promise<RekeyBatch> {
  const { base, content } = recovery.statement;
  const operations: Operation[] = [];
  const highest = Math.max(restored.tip.height, certificate?.ack.height ?? 0, restored.certificate?.ack.height ?? 0);
  for (let height = kept + 1; height <= highest; height++)
    operations.push(deleteBlock(height), { type: 'delete', key: certificateKey(height) });
  operations.push(...configurations.operations(kept, []));
  const ofKept = store.get(certificateKey(kept));
  operations.push(
    ofKept === undefined ? { type: 'delete', key: highestCertificateKey } : put(highestCertificateKey, ofKept),
    ...(await termOperations(store, base.term)),
  );
  // A term of the former generation has a leader already; the next is nobody's yet.
  const hardState: HardState = { term: base.term + 1 };
  const mark = encodeHardState(hardState);
  operations.push(
    put(hardStateKey, mark),
    put(formerHardStateKey(content.generation - 1), encodeHardState(restored.hardState)),
    put(recoveryKey, encodeRecovery(recovery)),
  );
  return { operations, mark };
}

/** Terms above the base begin anew: what proved them of the former generation would pass for proof of another leader. */
async function termOperations(store: Store, baseTerm: number): Promise<Operation[]> {
  const operations: Operation[] = [];
  const { to } = prefixRange('certificate', termCertificateKey);
  let from = prefixedKey('certificate', termCertificateKey, uint64Bytes(baseTerm + 1));
  for (;;) {
    const page = await store.range({ from, to, limit: certificatesPageMax });
    for (const [key] of page) operations.push({ type: 'delete', key });
    const [last] = page.at(-1) ?? [];
    if (last === undefined || page.length < certificatesPageMax) break;
    from = prefixedKey('certificate', termCertificateKey, uint64Bytes(readUint64(last, last.length - 8) + 1));
  }
  const ofBase = store.get(prefixedKey('certificate', termCertificateKey, uint64Bytes(baseTerm)));
  operations.push(ofBase === undefined ? { type: 'delete', key: highestTermKey } : put(highestTermKey, ofBase));
  return operations;
}

function formerHardStateKey(generation: number): Uint8Array {
  return prefixedKey('consensus', utf8('former-hard-state'), uint64Bytes(generation));
}

function put(key: Uint8Array, value: Uint8Array): Operation {
  return { type: 'put', key, value };
}
