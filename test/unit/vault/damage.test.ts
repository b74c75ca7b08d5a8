import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { concatBytes, type Logger, silentLogger } from '../../../src/base/index.ts';
import { generateSeed } from '../../../src/crypto/index.ts';
import { Keystore } from '../../../src/vault/index.ts';
import {
  codeOf,
  copyOf,
  createKeystore,
  openings,
  passphrase,
  removeTemporaryDirectories,
  temporaryDirectory,
} from './support.ts';

afterEach(removeTemporaryDirectories);

/** A closed keystore with a key and three appends of four openings. */
async function filled(): Promise<string> {
  const directory = temporaryDirectory();
  using keystore = await createKeystore(directory);
  keystore.putSeed('wallet', generateSeed());
  for (const from of [0, 4, 8]) keystore.appendOpenings(openings(from, from + 4));
  return directory;
}

async function countIn(directory: string, logger: Logger = silentLogger): Promise<number> {
  using keystore = await Keystore.open(directory, passphrase, { logger });
  return [...keystore.openings()].length;
}

/** Where each segment of the file begins, and where the last one ends. */
function boundaries(log: Uint8Array): number[] {
  const offsets = [0];
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  for (let offset = 0; offset < log.length; offsets.push(offset)) offset += 4 + view.getUint32(offset);
  return offsets;
}

describe('a crash in the middle of an append', () => {
  it('keeps what was kept before, and of the rest a first part, wherever it strikes', async () => {
    const directory = temporaryDirectory();
    const keystore = await createKeystore(directory);
    keystore.appendOpenings(openings(0, 4));
    const before = copyOf(directory);
    const sizeBefore = statSync(join(directory, 'openings')).size;
    keystore.appendOpenings(openings(4, 8));
    keystore.close();
    const log = readFileSync(join(directory, 'openings'));

    for (let size = sizeBefore; size <= log.length; size += 97) {
      const crashed = copyOf(before);
      writeFileSync(join(crashed, 'openings'), log.subarray(0, size));
      const notices: string[] = [];
      const logger = { ...silentLogger, warn: (_fields: unknown, message: string) => void notices.push(message) };
      expect(await countIn(crashed, logger)).toBe(4);
      expect(notices).toHaveLength(size === sizeBefore ? 0 : 1);
      expect(statSync(join(crashed, 'openings')).size).toBe(sizeBefore);
    }

    // The segment was synced and its mark was not yet: it counts.
    const crashed = copyOf(before);
    writeFileSync(join(crashed, 'openings'), log);
    expect(await countIn(crashed)).toBe(8);
    truncateSync(join(crashed, 'openings'), sizeBefore);
    expect(await codeOf(() => countIn(crashed))).toBe('keystore-damaged');
  });

  it('loses nothing when garbage of the full length stands in the place of the last segment', async () => {
    const directory = temporaryDirectory();
    const keystore = await createKeystore(directory);
    keystore.appendOpenings(openings(0, 4));
    const before = copyOf(directory);
    keystore.appendOpenings(openings(4, 8));
    keystore.close();
    const log = readFileSync(join(directory, 'openings'));
    const sizeBefore = statSync(join(before, 'openings')).size;
    writeFileSync(join(before, 'openings'), log.fill(0, sizeBefore + 4));
    expect(await countIn(before)).toBe(4);
    using keystoreAfter = await Keystore.open(before, passphrase);
    expect(keystoreAfter.appendOpenings(openings(4, 8))).toBe(4);
  });

  it('is left alone by a reader', async () => {
    const directory = temporaryDirectory();
    using keystore = await createKeystore(directory);
    keystore.appendOpenings(openings(0, 4));
    const path = join(directory, 'openings');
    const log = concatBytes(readFileSync(path), Uint8Array.of(0, 0));
    writeFileSync(path, log);
    using reader = await Keystore.open(directory, passphrase, { readOnly: true });
    expect(reader.openingCount).toBe(4);
    expect(statSync(path).size).toBe(log.length);
  });
});

describe('damage', () => {
  it('of any byte of any file is noticed', async () => {
    const directory = await filled();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('header.json', 'keys', 'openings', 'openings.mark'),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        async (name, place, mask) => {
          const path = join(directory, name);
          const content = readFileSync(path);
          const changed = Buffer.from(content);
          const index = place % content.length;
          changed[index] = (content[index] as number) ^ mask;
          writeFileSync(path, changed);
          const code = await codeOf(() => countIn(directory));
          writeFileSync(path, content);
          // White space around the header carries nothing.
          if (code === 'no error') expect(JSON.parse(changed.toString())).toEqual(JSON.parse(content.toString()));
          else expect(['keystore-damaged', 'storage-format-unknown']).toContain(code);
        },
      ),
      { numRuns: 200 },
    );
    expect(await countIn(directory)).toBe(12);
  });

  it('by cutting, leaving out, moving or repeating segments is noticed', async () => {
    const directory = await filled();
    const path = join(directory, 'openings');
    const log = readFileSync(path);
    const [, end1 = 0, end2 = 0] = boundaries(log);
    const [one, two, three] = [log.subarray(0, end1), log.subarray(end1, end2), log.subarray(end2)];
    const forgeries = {
      cut: [one, two],
      leftOut: [one, three],
      moved: [two, one, three],
      repeated: [one, two, two],
      empty: [],
    };
    for (const [name, segments] of Object.entries(forgeries)) {
      writeFileSync(path, concatBytes(...segments));
      expect(await codeOf(() => countIn(directory)), name).toBe('keystore-damaged');
    }
    writeFileSync(path, log);
    expect(await countIn(directory)).toBe(12);
  });

  it('is told from a newer format', async () => {
    const directory = await filled();
    const path = join(directory, 'header.json');
    const header = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(path, JSON.stringify({ ...header, version: 2 }));
    expect(await codeOf(() => countIn(directory))).toBe('storage-format-unknown');
  });

  it('between opening and reading is noticed too', async () => {
    const directory = await filled();
    using keystore = await Keystore.open(directory, passphrase);
    const path = join(directory, 'openings');
    writeFileSync(path, readFileSync(path).fill(7, 100, 110));
    expect(await codeOf(() => [...keystore.openings()])).toBe('keystore-damaged');
  });
});
