import type { BlockSummary, BlockView, TransactionReply } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';

const hashLength = 64;
/** The shortest beginning of a hash that is looked for. */
const prefixLengthMin = 6;
/** How far back from the head transactions and beginnings of hashes are looked for. */
export const searchBlocksMax = 5000;
const pageBlocks = 100;

/** The headers of committed blocks from the head backwards, at most so many, and as far as the asked nodes keep them. */
export async function* headersBackwards(
  client: AssentClient,
  count: number,
): AsyncGenerator<BlockSummary, void, undefined> {
  // The status says how far this node is; the head is what was committed before the question.
  const { height } = (await orUndefined(client.block('head'), 'block-unknown')) ?? { height: 0 };
  const last = Math.max(1, height - count + 1);
  for (let to = height; to >= last; to -= pageBlocks) {
    const from = Math.max(last, to - pageBlocks + 1);
    const blocks = await keptBlocks(client, from, to);
    yield* blocks.toReversed();
    if (blocks[0]?.height !== from) return;
  }
}

/** Where a node's history begins above the first of them, those from there on. */
async function keptBlocks(client: AssentClient, from: number, to: number): Promise<readonly BlockSummary[]> {
  const read = async (first: number): Promise<readonly BlockSummary[]> =>
    (await client.blocks({ from: first, limit: to - first + 1 })).blocks;
  try {
    return await read(from);
  } catch (error) {
    if (!(error instanceof AssentError) || error.code !== 'history-not-kept') throw error;
    const { firstBlockHeight } = await client.status();
    return firstBlockHeight > from && firstBlockHeight <= to ? read(firstBlockHeight) : [];
  }
}

/** A block by height, hash, the beginning of a hash, or `head`. Throws `block-unknown`, `usage`. */
export async function findBlock(client: AssentClient, reference: string): Promise<BlockView> {
  if (/^\d{1,15}$/.test(reference)) {
    const block = await orUndefined(client.block(reference), 'block-unknown');
    if (block !== undefined || reference.length < prefixLengthMin) {
      if (block === undefined) throw new AssentError('block-unknown', `There is no committed block ${reference} yet.`);
      return block;
    }
  }
  const text = reference.toLowerCase();
  if (text === 'head' || text.length === hashLength) return client.block(text);
  const found = await search(client, checkedPrefix(text), async ({ hash }) => [hash]);
  return client.block(found);
}

/** A transaction by id or the beginning of one. Throws `transaction-unknown`, `usage`. */
export async function findTransaction(client: AssentClient, reference: string): Promise<TransactionReply> {
  const text = reference.toLowerCase();
  if (text.length === hashLength) return client.transaction(text);
  const found = await search(client, checkedPrefix(text), async ({ height, transactionCount }) =>
    transactionCount === 0 ? [] : (await client.block(height)).transactions.map(({ id }) => id),
  );
  return client.transaction(found);
}

async function search(
  client: AssentClient,
  prefix: string,
  hashesOf: (block: BlockSummary) => Promise<readonly string[]>,
): Promise<string> {
  const found = new Set<string>();
  for await (const header of headersBackwards(client, searchBlocksMax))
    for (const hash of await hashesOf(header)) if (hash.startsWith(prefix)) found.add(hash);
  const [hash] = found;
  if (hash !== undefined && found.size === 1) return hash;
  if (hash === undefined)
    throw new AssentError('not-found', `Nothing in the last ${searchBlocksMax} blocks begins with ${prefix}.`);
  throw new AssentError('usage', `${prefix} is the beginning of ${found.size} hashes; give more of it.`);
}

function checkedPrefix(text: string): string {
  if (text.length < prefixLengthMin || text.length > hashLength || !/^[0-9a-f]+$/.test(text))
    throw new AssentError(
      'usage',
      `"${text}" is no hash; give its 64 hexadecimal digits, or at least the first ${prefixLengthMin}.`,
    );
  return text;
}

async function orUndefined<T>(work: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof AssentError && thrown.code === code) return undefined;
    throw thrown;
  }
}
