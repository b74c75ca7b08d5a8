import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { InvariantError, toHex } from '../../../src/base/index.ts';
import { generateSeed } from '../../../src/crypto/index.ts';
import { Keystore } from '../../../src/vault/index.ts';
import {
  codeOf,
  createKeystore,
  opening,
  openings,
  passphrase,
  removeTemporaryDirectories,
  temporaryDirectory,
} from './support.ts';

afterEach(removeTemporaryDirectories);

/** A process id that belongs to no process any more. */
const DEAD_PROCESS_ID = 2 ** 22 + 1;

describe('keys', () => {
  it('are there again, with their attributes and in their order, after reopening', async () => {
    const directory = temporaryDirectory();
    const seeds = [generateSeed(), generateSeed()] as const;
    const first = await createKeystore(directory);
    first.putSeed('patient-1', seeds[0], { kind: 'wallet', holder: 'custodian' });
    first.putSeed('gateway', seeds[1]);
    first.close();
    using second = await Keystore.open(directory, passphrase);
    expect(second.list()).toEqual([
      { name: 'patient-1', attributes: { kind: 'wallet', holder: 'custodian' } },
      { name: 'gateway', attributes: {} },
    ]);
    expect(second.seed('patient-1')).toEqual(seeds[0]);
    expect(second.seed('gateway')).toEqual(seeds[1]);
  });

  it('are never replaced, and unknown ones are named', async () => {
    using keystore = await createKeystore(temporaryDirectory());
    const seed = generateSeed();
    keystore.putSeed('wallet', seed);
    expect(await codeOf(() => keystore.putSeed('wallet', generateSeed()))).toBe('key-exists');
    expect(keystore.seed('wallet')).toEqual(seed);
    expect(await codeOf(() => keystore.seed('Wallet'))).toBe('key-unknown');
    expect(() => keystore.putSeed('short', new Uint8Array(31))).toThrow(InvariantError);
  });

  it('are copies: wiping one leaves the key alone', async () => {
    using keystore = await createKeystore(temporaryDirectory());
    const seed = generateSeed();
    keystore.putSeed('wallet', seed);
    keystore.seed('wallet').fill(0);
    expect(keystore.seed('wallet')).toEqual(seed);
  });
});

describe('openings', () => {
  it('are found by commitment and by labels, before and after reopening', async () => {
    const directory = temporaryDirectory();
    const first = await createKeystore(directory);
    expect(first.appendOpenings(openings(0, 700))).toBe(700);
    expect(first.appendOpenings(openings(600, 800))).toBe(100);
    const check = (keystore: Keystore): void => {
      expect(keystore.openingCount).toBe(800);
      for (const number of [0, 255, 256, 699, 799])
        expect(keystore.opening(toHex(opening(number).commitment))).toEqual(opening(number));
      expect(keystore.opening(toHex(opening(800).commitment))).toBeUndefined();
      expect([...keystore.openings({ file: '1.json', entry: '700' })]).toEqual([opening(700)]);
      expect([...keystore.openings({ file: '2.json', entry: '700' })]).toEqual([]);
      expect([...keystore.openings()].map(({ labels }) => labels['entry'])).toEqual(
        Array.from({ length: 800 }, (_, number) => `${number}`),
      );
    };
    check(first);
    first.close();
    using second = await Keystore.open(directory, passphrase);
    check(second);
    second.appendOpenings([opening(900, 600_000), opening(901, 600_000)]);
    expect(second.opening(toHex(opening(901, 600_000).commitment))).toEqual(opening(901, 600_000));
  });

  it('must open their commitments', async () => {
    using keystore = await createKeystore(temporaryDirectory());
    const wrong = { ...opening(1), body: new Uint8Array(100).fill(2) };
    expect(() => keystore.appendOpenings([wrong])).toThrow(InvariantError);
    expect(keystore.appendOpenings([])).toBe(0);
  });
});

describe('the passphrase', () => {
  it('opens, and no other does', async () => {
    const directory = temporaryDirectory();
    (await createKeystore(directory)).close();
    expect(await codeOf(() => Keystore.open(directory, 'wrong'))).toBe('keystore-locked');
    expect(await codeOf(() => Keystore.open(directory, ''))).toBe('keystore-locked');
    (await Keystore.open(directory, passphrase)).close();
  });

  it('is the same however its characters are composed', async () => {
    const directory = temporaryDirectory();
    const cheap = { cost: { operations: 1, memoryBytes: 8 * 1024 } };
    (await Keystore.create(directory, 'Schlüssel', cheap)).close();
    (await Keystore.open(directory, 'Schlu\u0308ssel')).close();
  });

  it('protects all content, names and labels included', async () => {
    const directory = temporaryDirectory();
    using keystore = await createKeystore(directory);
    const seed = new Uint8Array(32).fill(0x53);
    keystore.putSeed('Erika-Mustermann', seed, { note: 'Mustermann' });
    keystore.appendOpenings([opening(0x42)]);
    for (const name of readdirSync(directory)) {
      const content = readFileSync(join(directory, name));
      expect(content.includes('Mustermann'), name).toBe(false);
      expect(content.includes('.json'), name).toBe(false);
      expect(content.includes(Buffer.from(seed.subarray(0, 8))), name).toBe(false);
      expect(content.includes(Buffer.from(opening(0x42).body.subarray(0, 8))), name).toBe(false);
    }
  });
});

describe('the directory', () => {
  it('is for its owner only', async () => {
    const directory = join(temporaryDirectory(), 'home', 'keystore');
    using keystore = await createKeystore(directory);
    keystore.putSeed('wallet', generateSeed());
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(directory)) expect(statSync(join(directory, name)).mode & 0o777, name).toBe(0o600);
  });

  it('holds one keystore, which is not created twice', async () => {
    const directory = temporaryDirectory();
    expect(Keystore.exists(directory)).toBe(false);
    expect(await codeOf(() => Keystore.open(directory, passphrase))).toBe('not-found');
    (await createKeystore(directory)).close();
    expect(Keystore.exists(directory)).toBe(true);
    expect(await codeOf(() => createKeystore(directory))).toBe('keystore-exists');
    (await Keystore.open(directory, passphrase)).close();
  });

  it('is made anew over a creation that a crash cut short, and over nothing else', async () => {
    const directory = temporaryDirectory();
    const unfinished = temporaryDirectory();
    for (const name of ['header.json.unfinished', 'keys', 'openings']) writeFileSync(join(unfinished, name), 'part');
    (await createKeystore(unfinished)).close();
    (await Keystore.open(unfinished, passphrase)).close();
    writeFileSync(join(directory, 'keys'), 'all that is left');
    expect(await codeOf(() => createKeystore(directory))).toBe('keystore-damaged');
    expect(readFileSync(join(directory, 'keys'), 'utf8')).toBe('all that is left');
  });

  it('that cannot be made is refused with its path', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    await expect(createKeystore(join(file, 'keystore'))).rejects.toThrow(
      expect.objectContaining({ code: 'storage-failed', message: expect.stringContaining(file) }),
    );
  });
});

describe('writers', () => {
  it('exclude one another until the first has closed', async () => {
    const directory = temporaryDirectory();
    const first = await createKeystore(directory);
    const link = join(temporaryDirectory(), 'link');
    symlinkSync(directory, link);
    expect(await codeOf(() => Keystore.open(directory, passphrase))).toBe('storage-locked');
    expect(await codeOf(() => Keystore.open(link, passphrase))).toBe('storage-locked');
    first.close();
    first.close();
    (await Keystore.open(link, passphrase)).close();
    expect(readdirSync(directory)).not.toContain('lock');
  });

  it('respect the lock of a living process, and take over that of a dead one', async () => {
    const directory = temporaryDirectory();
    (await createKeystore(directory)).close();
    const lock = join(directory, 'lock');
    writeFileSync(lock, `${process.ppid}\n`);
    expect(await codeOf(() => Keystore.open(directory, passphrase))).toBe('storage-locked');
    // A dead process's, one of this process's id from before a restart, and one that was never written whole.
    for (const content of [`${DEAD_PROCESS_ID}\n`, `${process.pid}\n`, '']) {
      writeFileSync(lock, content);
      const keystore = await Keystore.open(directory, passphrase);
      expect(readFileSync(lock, 'utf8')).toBe(`${process.pid}\n`);
      keystore.close();
    }
    expect(readdirSync(directory).filter((name) => name.startsWith('lock'))).toEqual([]);
  });

  it('give the lock back when opening fails', async () => {
    const directory = temporaryDirectory();
    (await createKeystore(directory)).close();
    writeFileSync(join(directory, 'keys'), 'nonsense');
    expect(await codeOf(() => Keystore.open(directory, passphrase))).toBe('keystore-damaged');
    expect(await codeOf(() => Keystore.open(directory, passphrase))).toBe('keystore-damaged');
  });

  it('do not hinder readers, who see what was kept so far and cannot write', async () => {
    const directory = temporaryDirectory();
    using writer = await createKeystore(directory);
    writer.appendOpenings(openings(0, 10));
    using reader = await Keystore.open(directory, passphrase, { readOnly: true });
    writer.appendOpenings(openings(10, 20));
    expect(reader.openingCount).toBe(10);
    expect(reader.opening(toHex(opening(3).commitment))).toEqual(opening(3));
    expect(() => reader.putSeed('wallet', generateSeed())).toThrow(InvariantError);
    expect(() => reader.appendOpenings([opening(30)])).toThrow(InvariantError);
  });

  it('write nothing more after a write failed', async () => {
    const directory = temporaryDirectory();
    const keystore = await createKeystore(directory);
    keystore.appendOpenings(openings(0, 5));
    // A directory in the place of the next mark makes writing it fail after the segment is on disk.
    mkdirSync(join(directory, 'openings.mark.new'));
    expect(await codeOf(() => keystore.appendOpenings(openings(5, 10)))).toBe('storage-failed');
    expect(await codeOf(() => keystore.putSeed('wallet', generateSeed()))).toBe('storage-failed');
    expect([...keystore.openings()]).toHaveLength(5);
    keystore.close();
    rmdirSync(join(directory, 'openings.mark.new'));
    using reopened = await Keystore.open(directory, passphrase);
    expect(reopened.openingCount).toBe(10);
    reopened.putSeed('wallet', generateSeed());
  });

  it('are of no use after closing', async () => {
    const keystore = await createKeystore(temporaryDirectory());
    keystore.close();
    expect(() => keystore.list()).toThrow(InvariantError);
    expect(() => keystore.openings()).toThrow(InvariantError);
  });
});
