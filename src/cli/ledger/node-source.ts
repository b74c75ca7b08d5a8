import { fromHex, present } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';
import { type Genesis, openGenesis } from '../../ledger/index.ts';
import type { BlockSource } from '../../node/index.ts';

/** The blocks of a node that runs, up to its newest at this moment. Nothing that it says is believed. */
export async function nodeSource(client: AssentClient, name: string): Promise<BlockSource> {
  const { height, certificate } = await client.block('head');
  const isOfThese = certificate !== null && certificate.height <= height;
  return {
    name,
    firstHeight: 1,
    height,
    certificate: isOfThese ? decoded(certificate) : undefined,
    async *blocks(from, to) {
      let page = client.rawBlocks({ from });
      for (let at = from; at <= to; ) {
        const { blocks, next } = await page;
        // On its way while these are verified.
        if (next !== undefined && next <= to) page = client.rawBlocks({ from: next });
        for (const block of blocks.slice(0, to - at + 1)) yield { bytes: bytesOf(block), isSigned: true };
        at += blocks.length;
        if (next === undefined || blocks.length === 0) return;
      }
    },
    close: () => Promise.resolve(),
  };
}

/** The genesis as a node has it: to be compared with a hash that is trusted. */
export async function genesisOfNode(client: AssentClient): Promise<Genesis> {
  return openGenesis(bytesOf((await client.genesis()).genesis));
}

function decoded({
  term,
  height,
  blockHash,
  configurationHash,
  signatures,
}: NonNullable<Awaited<ReturnType<AssentClient['block']>>['certificate']>): BlockSource['certificate'] {
  const ack = { term, height, blockHash: bytesOf(blockHash), configurationHash: bytesOf(configurationHash) };
  return { ack, signatures: signatures.map(({ signer, signature }) => ({ signer, signature: bytesOf(signature) })) };
}

function bytesOf(hex: string): Uint8Array {
  return present(fromHex(hex), 'the client checked that it is hexadecimal');
}
