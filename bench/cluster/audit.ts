import type { BlockPage, BlockView, StatusView } from '../../src/api/index.ts';
import { present } from '../../src/base/index.ts';
import type { Audit } from './load-messages.ts';
import type { Acknowledged } from './loader.ts';

const settleMsMax = 20_000;
const pageLength = 100;

/**
 * Reads the whole ledger back and compares it with what clients were told: every acknowledged transaction is at its
 * place, exactly once, and the nodes hold the same blocks.
 */
export async function audit(urls: readonly string[], acknowledged: readonly Acknowledged[]): Promise<Audit> {
  const height = await commonHeight(urls);
  const chains = await Promise.all(urls.map((url) => blockHashes(url, height)));
  const [chain] = chains;
  const sameHead = chains.every((hashes) => hashes.length === height && hashes.join() === chain?.join());
  const blocks = await readBlocks(urls, height);
  const places = new Map<string, string>();
  let duplicated = 0;
  for (const block of blocks) {
    for (const [index, { id }] of block.transactions.entries()) {
      if (places.has(id)) duplicated += 1;
      places.set(id, `${block.height}/${index}`);
    }
  }
  const missing = acknowledged.filter(({ id, height: at, index }) => places.get(id) !== `${at}/${index}`).length;
  const transactions = blocks.reduce((sum, block) => sum + block.transactions.length, 0);
  return { acknowledged: acknowledged.length, missing, duplicated, blocks: height, transactions, sameHead };
}

/** The head that all nodes have applied, once nothing more comes and nothing more is certified. */
async function commonHeight(urls: readonly string[]): Promise<number> {
  const deadlineMs = performance.now() + settleMsMax;
  for (;;) {
    const heads = await Promise.all(urls.map((url) => get<StatusView>(url, '/v1/status')));
    const [first] = heads;
    // What a certificate told clients is applied some ticks later, on all nodes at about the same time.
    const isSettled = heads.every(
      ({ headHash, height, certifiedHeight }) => headHash === first?.headHash && height === certifiedHeight,
    );
    if (isSettled) return present(first, 'there is a node').height;
    if (performance.now() > deadlineMs) throw new Error('the nodes did not come to the same head in time');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function blockHashes(url: string, height: number): Promise<string[]> {
  const hashes: string[] = [];
  while (hashes.length < height) {
    const from = hashes.length + 1;
    const limit = Math.min(pageLength, height - hashes.length);
    const { blocks } = await get<BlockPage>(url, `/v1/blocks?from=${from}&limit=${limit}`);
    if (blocks.length === 0) break;
    hashes.push(...blocks.map(({ hash }) => hash));
  }
  return hashes;
}

/** Every node reads out its share: equal hashes make them interchangeable. */
async function readBlocks(urls: readonly string[], height: number): Promise<BlockView[]> {
  const blocks: BlockView[] = [];
  let next = 1;
  await Promise.all(
    urls.map(async (url) => {
      while (next <= height) blocks.push(await get<BlockView>(url, `/v1/blocks/${next++}`));
    }),
  );
  return blocks;
}

async function get<T>(url: string, path: string): Promise<T> {
  const response = await fetch(url + path);
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
