import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../../../src/base/index.ts';
import { genesisToText } from '../../../../src/ledger/index.ts';
import { PruneSweep } from '../../../../src/ledger/pruning/prune-sweep.ts';
import { putPruned } from '../../../../src/ledger/pruning/pruned.ts';
import { auditArchive, auditDirectory, genesisOfArchive } from '../../../../src/node/index.ts';
import { type Operation, prefixRange } from '../../../../src/storage/index.ts';
import { SeededRandom } from '../../../support/simulated-random.ts';
import { temporaryDirectory } from '../../../support/temporary-directory.ts';
import { treeParts } from '../../../support/tree-parts.ts';
import { alteredCopy, bent, firstOf, type LeftBehind, leaveBehind } from './support.ts';

/** As in flips.test.ts: `ASSENT_FLIPS=all` tries every byte, in some hours; a number, so many places. */
const asked = process.env['ASSENT_FLIPS'] ?? '1000';
/** The first chunk ends with block 1,023. */
const lastOfChunk = 1023;
const folder = mkdtempSync(join(tmpdir(), 'assent-audit-archive-'));
const archive = join(folder, 'archive');
let left: LeftBehind;
beforeAll(async () => {
  left = await leaveBehind(folder, lastOfChunk + 5, 1, { archive: { directory: 'archive' } });
}, 180_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function* placesIn(length: number): Generator<{ readonly offset: number; readonly bits: number }> {
  const random = new SeededRandom(11);
  const count = asked === 'all' ? length : Number(asked) / 2;
  for (let place = 0; place < count; place++)
    yield { offset: asked === 'all' ? place : random.below(length), bits: 1 + random.below(255) };
}

function copyOfArchive(): string {
  const copy = join(temporaryDirectory(), 'archive');
  cpSync(archive, copy, { recursive: true });
  return copy;
}

const named = (path: string, ending: string): string =>
  join(
    path,
    present(
      readdirSync(path).find((name) => name.endsWith(ending)),
      `a file ${ending}`,
    ),
  );

describe('an archive', () => {
  it('is verified from its genesis', { timeout: 60_000 }, async () => {
    expect(genesisToText(await genesisOfArchive(archive))).toBe(genesisToText(left.genesis));
    expect(await auditArchive(archive, left.genesis)).toMatchObject({ height: lastOfChunk, unsignedHeaders: 0 });
  });

  it('says whose signatures are not there', { timeout: 60_000 }, async () => {
    const copy = copyOfArchive();
    rmSync(named(copy, '.signatures'));
    expect(await auditArchive(copy, left.genesis)).toMatchObject({ height: lastOfChunk, unsignedHeaders: lastOfChunk });
  });

  it(`one byte of its files is another, at ${asked} places: noticed`, { timeout: 36_000_000 }, async () => {
    const copy = copyOfArchive();
    for (const ending of ['.chunk', '.signatures']) {
      const file = named(copy, ending);
      const whole = readFileSync(file);
      for (const { offset, bits } of placesIn(whole.length)) {
        const changed = Uint8Array.from(whole);
        changed[offset] = (changed[offset] as number) ^ bits;
        writeFileSync(file, changed);
        await expect(auditArchive(copy, left.genesis), `${ending} ${offset}`).rejects.toMatchObject({
          code: 'verification-failed',
        });
      }
      writeFileSync(file, whole);
    }
  });
});

describe('a directory with parts of the tree', () => {
  it('is verified, and a part that is another is found', { timeout: 60_000 }, async () => {
    expect(await auditDirectory(left.data, left.genesis)).toMatchObject({
      height: left.height,
      certifiedHeight: left.height,
    });
    const whole = await alteredCopy(left, treeParts);
    expect(await auditDirectory(whole, left.genesis)).toMatchObject({ height: left.height });
    const copy = await alteredCopy({ ...left, data: whole }, async (store) => {
      const [key, value] = await firstOf(store, 'treePart');
      return [{ type: 'put', key, value: bent(value) }];
    });
    await expect(auditDirectory(copy, left.genesis)).rejects.toMatchObject({
      code: 'verification-failed',
      data: { check: 'tree' },
    });
  });

  it('that gave up blocks is verified with the archive that has them', { timeout: 120_000 }, async () => {
    const copy = await alteredCopy(left, async (store) => {
      const sweep = new PruneSweep(store, lastOfChunk);
      const operations: Operation[] = [putPruned({ through: lastOfChunk, sweptThrough: lastOfChunk })];
      for (let next = await sweep.next(); next !== undefined; next = await sweep.next())
        await new Promise<void>((resolve) => (next.length === 0 ? resolve() : store.write(next, () => resolve())));
      return operations;
    });
    await expect(auditDirectory(copy, left.genesis)).rejects.toMatchObject({ code: 'history-not-kept' });
    const verdict = await auditDirectory(copy, left.genesis, { archive });
    expect(verdict.height).toBe(left.height);
    const again = await alteredCopy({ ...left, data: copy }, async (store) => {
      const [row] = await store.range({ ...prefixRange('transactionPlace'), limit: 1, reverse: true });
      const [key, value] = present(row, 'a receipt');
      return [{ type: 'put', key, value: bent(value) }];
    });
    await expect(auditDirectory(again, left.genesis, { archive })).rejects.toMatchObject({
      code: 'verification-failed',
    });
  });
});
