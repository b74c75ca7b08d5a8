import { closeSync, mkdtempSync, openSync, readdirSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AssentError, present } from '../../../../src/base/index.ts';
import { type AuditVerdict, auditDirectory } from '../../../../src/node/index.ts';
import { keyPrefixes, openForReading, type Store } from '../../../../src/storage/index.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { type LeftBehind, leaveBehind } from './support.ts';

/** `ASSENT_FLIPS=all` tries every byte; a number, so many places. */
const asked = process.env['ASSENT_FLIPS'] ?? '2000';
const folder = mkdtempSync(join(tmpdir(), 'assent-flips-'));

let left: LeftBehind;
let content: ReadonlyMap<string, string>;
let verdict: AuditVerdict;
beforeAll(async () => {
  left = await leaveBehind(folder, 66, 2);
  content = await readAll(left.data);
  verdict = await auditDirectory(left.data, left.genesis);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** Everything in the database, found in order and by key. Throws what a start throws. */
async function readAll(data: string): Promise<Map<string, string>> {
  const copy = await openForReading(data);
  try {
    const { store, journal } = copy.directory;
    const found = new Map(
      Object.entries({ mark: text(present(journal.mark, 'a mark').bytes), lost: String(journal.lost) }),
    );
    for (const [key, value] of await entriesOf(store)) {
      found.set(text(key), text(value));
      if (text(store.get(key) ?? new Uint8Array()) !== text(value)) found.set(`${text(key)} by key`, 'another');
    }
    return found;
  } finally {
    await copy.close();
  }
}

async function entriesOf(store: Store): Promise<(readonly [Uint8Array, Uint8Array])[]> {
  const entries: (readonly [Uint8Array, Uint8Array])[] = [];
  for (let from: Uint8Array = new Uint8Array(); ; ) {
    const page = await store.range({ from, to: Uint8Array.of(0xff), limit: 10_000 });
    entries.push(...page);
    if (page.length < 10_000) return entries;
    from = Uint8Array.of(...present(page.at(-1), 'a full page')[0], 0);
  }
}

interface Place {
  readonly file: string;
  readonly offset: number;
  readonly bits: number;
}

function* places(): Generator<Place> {
  const files = readdirSync(left.data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => ({ file, size: statSync(file).size }));
  const random = new SeededRandom(58);
  if (asked === 'all') {
    for (const { file, size } of files)
      for (let offset = 0; offset < size; offset++) yield { file, offset, bits: 1 + random.below(255) };
    return;
  }
  const written = files.filter(({ size }) => size > 0);
  for (let count = 0; count < Number(asked); count++) {
    // A file first: the small ones are as important as the large ones.
    const { file, size } = present(written[count % written.length], 'there are files');
    yield { file, offset: random.below(size), bits: 1 + random.below(255) };
  }
}

/** Changes one byte in place while the action runs. */
async function flipped<T>({ file, offset, bits }: Place, action: () => Promise<T>): Promise<T> {
  const descriptor = openSync(file, 'r+');
  const byte = new Uint8Array(1);
  try {
    readSync(descriptor, byte, 0, 1, offset);
    writeSync(descriptor, Uint8Array.of((byte[0] as number) ^ bits), 0, 1, offset);
    return await action();
  } finally {
    writeSync(descriptor, byte, 0, 1, offset);
    closeSync(descriptor);
  }
}

/** What a flipped byte comes to: `the same`, where nothing that is read is another; else who noticed. */
async function outcome(place: Place): Promise<string> {
  return flipped(place, async () => {
    let read: ReadonlyMap<string, string>;
    try {
      read = await readAll(left.data);
    } catch (error) {
      return codeOf(error);
    }
    const keys = new Set([...content.keys(), ...read.keys()]);
    const changed = [...keys].filter((key) => content.get(key) !== read.get(key));
    if (changed.length === 0) return 'the same';
    try {
      const { height, headHash, appliedHeight } = await auditDirectory(left.data, left.genesis);
      // Effects of certified blocks that no mark speaks of yet: a start repeats them from the blocks, which are all there.
      const isRepeated = headHash === verdict.headHash && height === left.height && Number(appliedHeight) < height;
      if (isRepeated && read.get('lost') === 'false') return 'as before the newest effects';
      if (headHash === verdict.headHash && isIndexBehind(changed, read)) return 'as before the newest of the index';
    } catch (error) {
      return codeOf(error);
    }
    return `unnoticed: ${[...new Set(changed.map(kindOf))].join(', ')}`;
  });
}

/** The newest batch was the query index's own, and is gone with its progress: the indexer writes it again. */
function isIndexBehind(changed: readonly string[], read: ReadonlyMap<string, string>): boolean {
  const ofIndex = changed.filter((key) => kindOf(key) === 'queryIndex');
  const others = changed.filter((key) => !['meta', 'journal', 'queryIndex'].includes(kindOf(key)));
  const altered = ofIndex.filter((key) => content.has(key) && read.has(key));
  return ofIndex.length > 0 && others.length === 0 && altered.length <= 1 && read.get('lost') === 'false';
}

function kindOf(key: string): string {
  const prefix = Object.entries(keyPrefixes).find(([, byte]) => byte === key.charCodeAt(0));
  return prefix?.[0] ?? key;
}

/** Anything but an expected failure fails the test. */
function codeOf(error: unknown): string {
  if (!(error instanceof AssentError)) throw error;
  return `${error.code} ${String(error.data['check'] ?? '')}`.trim();
}

/** Whose bytes may be another without anything that is read being another, and why. */
const harmless: readonly (readonly [file: RegExp, reason: string])[] = [
  [/\/LOG(\.old)?$/, 'LevelDB tells people here what it did, and never reads it'],
  [/\.ldb$/, 'the zeros between the places and the magic number in the last 48 bytes'],
  [/\/signer-mark$/, 'the slot that holds the older mark, and what follows a mark in its slot'],
  [/\/owner\.json$/, 'spaces and line ends'],
];

it(`one byte of a stopped node's files is another, at ${asked} places: noticed, or the same is read`, {
  timeout: 36_000_000,
}, async () => {
  let noticed = 0;
  const wrong: string[] = [];
  for (const place of places()) {
    const name = place.file.slice(left.data.length);
    let what: string;
    try {
      what = await outcome(place);
    } catch (error) {
      what = `crash: ${String(error)}`;
    }
    noticed += Number(/^(storage|verification)-/.test(what));
    const isHarmless =
      (what === 'the same' && harmless.some(([file]) => file.test(name))) ||
      (what.startsWith('as before the newest') && name.endsWith('.log'));
    if (!isHarmless && !/^(storage|verification)-/.test(what))
      wrong.push(`${name}, byte ${place.offset} xor ${place.bits}: ${what}`);
  }
  expect(wrong).toEqual([]);
  expect(noticed).toBeGreaterThan(0);
});
