import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fromHex, present } from '../../../src/base/index.ts';
import { AssentClient, webClock } from '../../../src/client/index.ts';
import { ruleSet } from '../../../src/contracts/index.ts';
import { createSigner, systemRandom } from '../../../src/crypto/index.ts';
import {
  generateConsortium,
  genesisDomains,
  genesisMembers,
  genesisParameters,
  type Home,
  keepKeys,
  playDemo,
} from '../../../src/demo/index.ts';
import { createGenesis, genesisToText } from '../../../src/ledger/index.ts';
import { createNodeKey, type RunningNode, startNode } from '../../../src/node/index.ts';
import { Keystore } from '../../../src/vault/index.ts';
import { configOf } from '../../support/node-directory.ts';

describe('the demo on a real node, over HTTP', () => {
  const consortium = generateConsortium(systemRandom.bytes(32));
  let directory: string;
  let node: RunningNode;
  let home: Home;
  let client: AssentClient;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'assent-demo-'));
    const { publicKey } = createNodeKey(join(directory, 'node.key')).signer;
    const genesis = createGenesis({
      ledgerName: 'demo',
      createdAt: Date.now(),
      members: genesisMembers(consortium),
      nodes: [{ publicKey, member: 'st-mary', role: 'voter' }],
      domains: genesisDomains(consortium),
      parameters: genesisParameters(),
      ruleSet,
    });
    await writeFile(join(directory, 'genesis'), genesisToText(genesis));
    node = await startNode(configOf(directory));
    client = new AssentClient({ nodes: [node.apiUrl] });
    await client.waitForReady({ timeoutMs: 20_000 });
    const cost = { operations: 1, memoryBytes: 8 * 1024 };
    const keystore = await Keystore.create(join(directory, 'keystore'), 'passphrase', { cost });
    keepKeys(keystore, consortium);
    const ledgerId = present(fromHex((await client.status()).ledgerId), 'a hash');
    home = { keystore, ledger: client, council: client, ledgerId, clock: webClock, random: systemRandom, createSigner };
  }, 30_000);

  afterAll(async () => {
    home.keystore.close();
    await node.stop();
    await rm(directory, { recursive: true });
  });

  it('anchors, tells the story, does nothing twice, and shows nothing of the records', async () => {
    const first = await playDemo(home, consortium.records);
    expect(first.summary).toMatchObject({ anchored: 90, skipped: 0, patients: 6, credentials: 8 });
    expect(first.summary.decisions.map(({ decision }) => decision)).toEqual([
      'deny',
      'permit-break-glass',
      'permit',
      'deny',
      'deny',
    ]);
    expect(first.story?.timeline).toHaveLength(20);
    const steps = first.story?.steps ?? [];
    expect(steps.find(({ step }) => step === 'what-if')?.what).toMatch(/of \d decisions 3 would/);
    expect(steps.find(({ step }) => step === 'vote')?.transactionId).toBeDefined();
    const { height } = await client.status();
    const again = await playDemo(home, consortium.records);
    expect(again.summary).toEqual({ ...first.summary, anchored: 0, skipped: 90 });
    expect((await client.status()).height).toBe(height);

    const texts = [
      await readFile(join(directory, 'node.log'), 'utf8'),
      await (await fetch(`${node.apiUrl}/metrics`)).text(),
    ];
    for (let place = 1; place <= height; place++) {
      const block = await client.block(place);
      texts.push(JSON.stringify(block));
      for (const { id } of block.transactions) texts.push(JSON.stringify(await client.transaction(id)));
    }
    const seen = texts.join('\n');
    expect(seen).toContain('record.anchor');
    expect([...(await vocabulary())].filter((word) => seen.includes(word))).toEqual([]);
  }, 30_000);

  /** Names, identifiers, codes, labels, types and dates of the input; not the words that FHIR and the ledger share. */
  async function vocabulary(): Promise<Set<string>> {
    const words = new Set<string>();
    const collect = (value: unknown): void => {
      if (typeof value === 'string' && value.length >= 6 && !['active', 'finished', 'allergy'].includes(value))
        words.add(value);
      else if (value !== null && typeof value === 'object') Object.values(value).forEach(collect);
    };
    for (const { sources } of consortium.records)
      for (const source of sources)
        collect((JSON.parse(new TextDecoder().decode(await source.read())) as { entry: unknown }).entry);
    expect(words.size).toBeGreaterThan(100);
    return words;
  }
});
