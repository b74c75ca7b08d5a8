import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

/** docs/architecture.md: which room may import which. A name with a slash is an entry of that room other than its index. */
const mayImport: Record<string, readonly string[]> = {
  base: [],
  crypto: ['base'],
  storage: ['base'],
  consensus: ['base', 'crypto', 'crypto/portable'],
  ledger: ['base', 'crypto', 'crypto/portable', 'storage'],
  decision: ['base'],
  contracts: ['base', 'crypto/portable', 'decision', 'ledger/portable'],
  p2p: ['base', 'crypto'],
  vault: ['base', 'crypto', 'storage'],
  fhir: ['base', 'crypto/portable', 'ledger/portable', 'contracts'],
  api: ['base', 'crypto/portable', 'ledger/portable', 'contracts', 'fhir', 'vault'],
  verify: ['base', 'crypto/portable', 'consensus/portable', 'ledger/portable'],
  client: ['base', 'crypto/portable', 'verify', 'ledger/portable', 'decision', 'contracts', 'api'],
  demo: ['base', 'crypto', 'crypto/portable', 'client', 'contracts', 'fhir', 'vault', 'ledger/portable', 'api'],
  node: [
    'base',
    'crypto',
    'crypto/portable',
    'storage',
    'consensus',
    'ledger',
    'ledger/portable',
    'contracts',
    'p2p',
    'api',
    'api/server',
    'vault',
    'fhir',
    'verify',
  ],
  cli: [
    'base',
    'crypto',
    'decision',
    'client',
    'demo',
    'vault',
    'fhir',
    'contracts',
    'ledger',
    'ledger/portable',
    'api',
    'verify',
    'node',
  ],
};

/** Libraries that belong to one room only. */
const onlyIn: readonly (readonly [pattern: RegExp, place: RegExp])[] = [
  [/^(libp2p|@libp2p\/|@chainsafe\/|@multiformats\/)/, /^src\/p2p\//],
  [/^(level|classic-level|abstract-level)$/, /^src\/storage\//],
  [/^(fastify|@fastify\/)/, /^src\/api\/server\//],
  [/^sodium-native$/, /^src\/(crypto|p2p)\//],
  [/^commander$/, /^src\/cli\//],
];

const root = join(import.meta.dirname, '../../..');
const files = globSync('src/**/*.ts', { cwd: root }).map((file) => file.split('\\').join('/'));

function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  return [...source.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);
}

function roomOf(file: string): string {
  return file.split('/')[1] as string;
}

describe('the rooms of the house', () => {
  it('has source files to look at', () => {
    expect(files.length).toBeGreaterThan(50);
  });

  it("imports across rooms only in the allowed direction, and only through a room's entries", () => {
    const broken: string[] = [];
    for (const file of files) {
      for (const target of importsOf(file)) {
        if (!target.startsWith('.')) continue;
        const path = relative(root, join(root, dirname(file), target))
          .split('\\')
          .join('/');
        const room = roomOf(file);
        const other = roomOf(path);
        if (room === other) continue;
        const entry = path.replace(`src/${other}/`, '').replace(/\.ts$/, '');
        const name = entry === 'index' ? other : `${other}/${entry.replace(/\/index$/, '')}`;
        if (!(mayImport[room] ?? []).includes(name)) broken.push(`${file} imports ${name}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('keeps each library in its room', () => {
    const broken: string[] = [];
    for (const file of files) {
      for (const target of importsOf(file)) {
        for (const [pattern, place] of onlyIn)
          if (pattern.test(target) && !place.test(file)) broken.push(`${file} imports ${target}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('keeps consensus, decision, contracts and ledger execution free of time, randomness and asynchrony', () => {
    const timeOrChance = /\b(Date|setTimeout|setInterval|queueMicrotask)\b|Math\.random|performance\.now/;
    // Times of day are what a decision reads and says; what time it is it does not know.
    const clockOrChance = /\bDate\.now\b|new Date\(\)|setTimeout|Math\.random|performance\.now/;
    const asynchrony = /\b(async|await|Promise)\b/;
    const broken: string[] = [];
    for (const file of files) {
      if (!/^src\/(consensus|decision|contracts|ledger)\//.test(file)) continue;
      for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
        const code = line.replace(/\/\/.*|^\s*\*.*|^\s*\/\*.*/, '').replace(/'[^']*'/g, '');
        // Reading a page of an index is no execution.
        if (file === 'src/ledger/streams.ts' || file === 'src/ledger/stored-keys.ts') continue;
        // A snapshot is read and staged in slices, beside the execution.
        const mayWait =
          /^src\/ledger\/snapshot\/(source|source-\w+|sink|sweep|pause)\.ts$/.test(file) ||
          // So are an archive, and what is given up for it.
          /^src\/ledger\/(archive\/(archive-reader|block-source)|pruning\/prune-sweep)\.ts$/.test(file);
        // Values of the past stand in a database that answers later; what reads them is given up until they are there.
        const isPast = /^src\/ledger\/past\/past-(value|state|tree|proofs)\.ts$/.test(file);
        const effects = file.startsWith('src/decision/') ? clockOrChance : timeOrChance;
        if (effects.test(code) || (!mayWait && !isPast && asynchrony.test(code)))
          broken.push(`${file}:${index + 1} ${line.trim()}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('writes to the console and reads the process only at the edge', () => {
    const broken = files.filter(
      (file) =>
        !/^src\/(cli|node\/threads|node\/daemon|node\/main|crypto\/hash|vault\/keystore\/lock)/.test(file) &&
        /\b(console|process)\.[a-z]/.test(
          readFileSync(join(root, file), 'utf8').replace(/^\s*\*.*$|\/\*\*.*\*\//gm, ''),
        ),
    );
    expect(broken).toEqual([]);
  });
});
