import { equalBytes } from '../../base/index.ts';
import {
  type BlockCertificate,
  decodeBlockCertificate,
  decodeJustification,
  encodeBlockCertificate,
} from '../../consensus/index.ts';
import { type OpenedBlock, readBlock } from '../../ledger/index.ts';
import type { Store } from '../../storage/index.ts';
import { type HistoryStep, historyLinksMax } from '../../verify/index.ts';
import { readConfiguration } from './configuration.ts';
import { certificateKey } from './persistence.ts';
import { ownBytes, readRecord } from './records.ts';

/**
 * Proves the change of the configuration in the block of this height, out of the stored chain: up to the first block that
 * is known to be certified, by a certificate that was kept or by one in a later block's justification. Undefined while
 * the chain has none. Throws `storage-damaged`.
 */
export function buildHistoryStep(store: Store, changeHeight: number): HistoryStep | undefined {
  const change = readBlock(store, changeHeight);
  if (change === undefined) return undefined;
  const { header, headerBytes, justification } = change;
  const links: Uint8Array[] = [];
  const proved = (certificate: BlockCertificate): HistoryStep => ({
    header: headerBytes.slice(),
    justification: justification.slice(),
    links: links.slice(0, certificate.ack.height - changeHeight),
    certificate: encodeBlockCertificate(certificate),
  });
  let block: OpenedBlock | undefined = change;
  for (let height = changeHeight; block !== undefined && links.length <= historyLinksMax; ) {
    const kept = readRecord(store, certificateKey(height), decodeBlockCertificate);
    if (kept !== undefined && equalBytes(kept.ack.blockHash, block.hash)) return proved(kept);
    height += 1;
    block = readBlock(store, height);
    const cited = block && certificateIn(block);
    if (cited !== undefined && cited.ack.height >= changeHeight) return proved(cited);
    // The next change cites a certificate between the two, so above it there is none for this one.
    if (block === undefined || !equalBytes(block.header.configurationHash, header.configurationHash)) return undefined;
    links.push(block.headerBytes.slice());
  }
  return undefined;
}

function certificateIn({ header, justification }: OpenedBlock): BlockCertificate | undefined {
  const what = `the stored block ${header.height}`;
  return ownBytes(what, () => decodeJustification(justification, readConfiguration)).block;
}
