import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assert, fromHex, present } from '../../src/base/index.ts';
import { nodeLog } from '../../src/cli/cluster/cluster-file.ts';
import { consortiumIn } from '../../src/cli/cluster/create.ts';
import { decodeNodeId } from '../../src/crypto/index.ts';
import type { DemoSummary, TimelineRow } from '../../src/demo/index.ts';
import { startOfDate } from '../../src/fhir/index.ts';
import { openDataDirectory } from '../../src/storage/index.ts';
import { hasVectors, vectorsDirectory } from '../support/vectors.ts';
import { LocalCluster } from './support.ts';
import { forbiddenWords, Scanner } from './vocabulary.ts';

const input = join(vectorsDirectory, 'synthea-r4');

describe('the demo on three real nodes', () => {
  let cluster: LocalCluster;
  beforeAll(async () => {
    cluster = await LocalCluster.up('--demo');
  });
  afterAll(() => cluster.remove());

  it('of its own records plays the emergency, and does nothing twice', async () => {
    const summary = await cluster.json<DemoSummary>('demo');
    expect(summary).toMatchObject({ anchored: 0, skipped: 90, patients: 6, credentials: 8 });
    expect(summary.decisions.map(({ decision }) => decision)).toEqual([
      'deny',
      'permit-break-glass',
      'permit',
      'deny',
      'deny',
    ]);
    const told = await cluster.run('demo');
    expect(told.stdout).toContain('breaks the glass');
    const { height } = await cluster.client().status();
    await cluster.run('demo');
    expect((await cluster.client().status()).height).toBe(height);
  });

  describe.skipIf(!hasVectors('synthea-r4'))('with FHIR R4 Bundles', () => {
    const files = hasVectors('synthea-r4') ? readdirSync(input).filter((name) => name.endsWith('.json')) : [];
    const texts = files.map((name) => readFileSync(join(input, name), 'utf8'));

    it('anchors all 627 entries, and none of them again', async () => {
      const first = await cluster.json<DemoSummary>('demo', '--fhir', input);
      expect(first).toMatchObject({ anchored: 627, skipped: 0, patients: 5 });
      const second = await cluster.json<DemoSummary>('demo', '--fhir', input);
      expect(second).toMatchObject({ anchored: 0, skipped: 627, patients: 5 });
      expect(second.decisions).toEqual(first.decisions);
    });

    it('shows the timeline in order of the date of care', async () => {
      const { entries } = await cluster.json<{ entries: TimelineRow[] }>('record', 'timeline');
      const starts = entries.map(({ date }) => (date === undefined ? Number.MAX_SAFE_INTEGER : startOfDate(date)));
      // What is about a person: the Bundle of organisations has no timeline.
      expect(entries.filter(({ place }) => files.some((name) => place?.startsWith(name)))).toHaveLength(525);
      expect(starts).toEqual(starts.toSorted((left, right) => Number(left) - Number(right)));
      expect(entries.every(({ resourceType }) => resourceType !== undefined)).toBe(true);
    });

    it('verifies an entry, and finds one changed byte of it', async () => {
      const [name = '', text = ''] = [files[0], texts[0]];
      const good = await cluster.run('record', 'verify', `${join(input, name)}#/entry/3`);
      expect(good).toMatchObject({ exitCode: 0, stderr: '' });
      const { entry } = JSON.parse(text) as { entry: { fullUrl: string }[] };
      const changed = Buffer.from(text);
      const place = text.indexOf(present(entry[3], 'a fourth entry').fullUrl) + 'urn:uuid:'.length;
      changed[place] = (changed[place] ?? 0) ^ 1;
      const file = join(cluster.directory, name);
      writeFileSync(file, changed);
      const bad = await cluster.run('record', 'verify', `${file}#/entry/3`);
      expect(bad.exitCode).toBe(4);
      expect(bad.stderr).toMatch(/\[verification-failed\]\n$/);
      const untouched = await cluster.run('record', 'verify', `${file}#/entry/5`);
      expect(untouched.exitCode).toBe(0);
    });

    it('puts no name, identifier, code, label, type or date of it on the ledger, into a log or a metric', async () => {
      const { keystore } = await cluster.home();
      const invented = consortiumIn(keystore).records.flatMap(({ sources }) => sources);
      const inventedTexts = await Promise.all(
        invented.map(async (source) => Buffer.from(await source.read()).toString()),
      );
      keystore.close();
      const { domains } = await cluster.client().domains();
      const words = forbiddenWords([...texts, ...inventedTexts], new Set(domains.map(({ name }) => name)));
      assert(words.length > 1000, 'the input has a large vocabulary');
      const scanner = new Scanner(words);

      for (const [place, url] of cluster.urls.entries()) {
        const metrics = await (await fetch(`${url}/metrics`)).text();
        // A measured value is no code, though it may have its digits.
        scanner.scanText(`metrics of node ${place + 1}`, metrics.replaceAll(/ [0-9.e+-]+$/gm, ''));
      }
      await cluster.run('cluster', 'down');
      for (const { number, nodeId } of cluster.file.nodes) {
        scanner.scanText(`log of node ${number}`, readFileSync(nodeLog(cluster.directory, number), 'utf8'));
        const entries = await scanDatabase(number, nodeId, scanner);
        expect(entries).toBeGreaterThan(1000);
      }
      expect([...scanner.found.values()]).toEqual([]);

      // The scanner finds what is there.
      const probe = new Scanner(words);
      probe.scan('the input itself', Buffer.from(texts[0] ?? ''));
      expect(probe.found.size).toBeGreaterThan(100);
    });

    /** Every key and value of a stopped node's database: blocks, state, indexes, journal. */
    async function scanDatabase(number: number, nodeId: string, scanner: Scanner): Promise<number> {
      const data = await openDataDirectory(join(cluster.directory, `node-${number}`, 'data'), {
        ledgerId: present(fromHex(cluster.file.ledgerId), 'a hash'),
        nodeKey: present(decodeNodeId(nodeId), 'a node id'),
      });
      let count = 0;
      try {
        let from: Uint8Array = new Uint8Array();
        for (;;) {
          const page = await data.store.range({ from, to: Uint8Array.of(0xff, 0xff), limit: 1000 });
          for (const [key, value] of page) {
            // Keys of the state are text, with hashes in it.
            scanner.scanText(`key in the database of node ${number}`, Buffer.from(key).toString('latin1'));
            scanner.scan(`value in the database of node ${number}`, value);
          }
          count += page.length;
          const last = page.at(-1)?.[0];
          if (last === undefined) return count;
          from = Uint8Array.from([...last, 0]);
        }
      } finally {
        await data.close();
      }
    }
  });
});
