import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { present, utf8 } from '../../../src/base/index.ts';
import { LevelStore, openDataDirectory } from '../../../src/storage/index.ts';
import { storageError } from '../../../src/storage/storage-errors.ts';
import { writeAll } from '../../compliance/store.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { codeRejected, identity, put, stateOf } from './support.ts';

const writerPath = join(import.meta.dirname, '../../support/write-until-failure.ts');
const other = new Uint8Array(32).fill(9);

/** A directory whose only batch is `a` = `1`, marked. */
async function writtenDirectory(): Promise<string> {
  const path = join(temporaryDirectory(), 'below', 'node');
  const { journal, close } = await openDataDirectory(path, identity);
  for (const value of ['0', '1'])
    await new Promise<void>((resolve) => journal.append([put('a', value)], utf8('mark'), () => resolve()));
  await close();
  return path;
}

async function open(path: string, owner = identity): Promise<void> {
  const directory = await openDataDirectory(path, owner);
  await directory.close();
}

test('is made once, with a file that says whose it is, and opens again', async () => {
  const path = await writtenDirectory();
  expect(readdirSync(path).sort()).toEqual(['database', 'owner.json', 'signer-mark']);
  expect(JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8'))).toEqual({
    format: 'assent/2',
    ledgerId: 'a1'.repeat(32),
    nodeKey: 'b2'.repeat(32),
  });
  const { store, journal, close } = await openDataDirectory(path, identity);
  expect([...(await stateOf(store))]).toEqual([['a', '1']]);
  expect(journal.mark).toMatchObject({ bytes: utf8('mark'), journalNumber: 2 });
  await close();
});

test('a start that was cut off before the end is taken up again', async () => {
  const path = await writtenDirectory();
  rmSync(join(path, 'owner.json'));
  await open(path);
  expect(readdirSync(path)).toContain('owner.json');
});

test('another ledger or node is refused, with and without the owner file', async () => {
  const path = await writtenDirectory();
  for (const remove of [false, true]) {
    if (remove) rmSync(join(path, 'owner.json'));
    expect(await codeRejected(open(path, { ...identity, ledgerId: other }))).toBe('storage-foreign');
    expect(await codeRejected(open(path, { ...identity, nodeKey: other }))).toBe('storage-foreign');
  }
  await open(path);
});

test('another format is refused', async () => {
  const path = await writtenDirectory();
  const file = join(path, 'owner.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('assent/2', 'assent/3'));
  expect(await codeRejected(open(path))).toBe('storage-format-unknown');
});

test("somebody else's database is refused and left as it was", async () => {
  const path = join(temporaryDirectory(), 'node');
  const foreign = await LevelStore.open(join(path, 'database'), { create: true });
  await writeAll(foreign, [{ type: 'put', key: utf8('theirs'), value: utf8('1') }]);
  await foreign.close();
  expect(await codeRejected(open(path))).toBe('storage-format-unknown');
  expect(readdirSync(path)).not.toContain('owner.json');
});

test('files that are gone are damage, never a new beginning', async () => {
  for (const gone of [/^CURRENT$/, /^MANIFEST/, /./]) {
    const path = await writtenDirectory();
    const folder = join(path, 'database');
    for (const name of readdirSync(folder)) if (gone.test(name)) rmSync(join(folder, name));
    expect(await codeRejected(open(path)), String(gone)).toBe('storage-damaged');
  }
  for (const gone of ['database', 'signer-mark']) {
    const path = await writtenDirectory();
    rmSync(join(path, gone), { recursive: true });
    expect(await codeRejected(open(path)), gone).toBe('storage-damaged');
  }
});

test('a database that is gone with the owner file leaves the mark, which tells', async () => {
  const path = await writtenDirectory();
  for (const name of ['database', 'owner.json']) rmSync(join(path, name), { recursive: true });
  const { journal, close } = await openDataDirectory(path, identity);
  expect(journal.lost).toBe(true);
  await close();
});

test('a mark file of zeros is damage once another batch was written', async () => {
  const path = await writtenDirectory();
  const { journal, close } = await openDataDirectory(path, identity);
  await new Promise<void>((resolve) => journal.append([put('a', '2')], undefined, () => resolve()));
  await close();
  writeFileSync(join(path, 'signer-mark'), new Uint8Array(8192));
  expect(await codeRejected(open(path))).toBe('storage-damaged');
});

test('an unreadable owner file is damage', async () => {
  const path = await writtenDirectory();
  writeFileSync(join(path, 'owner.json'), '{');
  expect(await codeRejected(open(path))).toBe('storage-damaged');
});

test('a directory in use is locked, for this process and for others', async () => {
  const path = await writtenDirectory();
  const directory = await openDataDirectory(path, identity);
  expect(await codeRejected(open(path))).toBe('storage-locked');
  const { stdout } = await promisify(execFile)(process.execPath, [writerPath, path]);
  expect(JSON.parse(stdout)).toEqual({ code: 'storage-locked', acknowledged: 0 });
  await new Promise<void>((resolve) => directory.journal.append([put('b', '1')], undefined, () => resolve()));
  await directory.close();
  await open(path);
});

// A limit on file sizes makes the disk refuse in the middle of a record, as a full one does.
test.skipIf(process.platform === 'win32')(
  'a disk that refuses ends the writing, and what it took is there',
  async () => {
    const path = join(temporaryDirectory(), 'node');
    const script = 'ulimit -f 256; trap "" XFSZ; exec "$0" "$@"';
    const { stdout } = await promisify(execFile)('sh', ['-c', script, process.execPath, writerPath, path]);
    const outcome = JSON.parse(stdout) as { code: string; acknowledged: number; later: string };
    expect(outcome.code).toBe('storage-failed');
    expect(outcome.later).toBe('storage-failed');
    expect(outcome.acknowledged).toBeGreaterThan(10);
    const { store, journal, close } = await openDataDirectory(path, identity);
    expect(journal.lost).toBe(false);
    expect(journal.lastNumber).toBeGreaterThanOrEqual(outcome.acknowledged);
    const content = await stateOf(store);
    for (let number = 1; number <= outcome.acknowledged; number++) expect(content.has(`append-${number}`)).toBe(true);
    await close();
  },
);

/** Runs as somebody whom file modes bind: root becomes nobody meanwhile. */
async function asOrdinaryUser<T>(run: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return run();
  process.seteuid?.(65_534);
  try {
    return await run();
  } finally {
    process.seteuid?.(0);
  }
}

test.skipIf(process.platform === 'win32')('missing permissions are named', async () => {
  const parent = temporaryDirectory();
  chmodSync(parent, 0o755);
  const readOnly = join(parent, 'read-only');
  mkdirSync(readOnly, { mode: 0o555 });
  const closed = join(parent, 'closed');
  mkdirSync(closed, { mode: 0o000 });
  for (const path of [readOnly, join(readOnly, 'new'), closed, join(closed, 'new')])
    expect(await asOrdinaryUser(() => codeRejected(open(path))), path).toBe('storage-permission');
  expect(readdirSync(readOnly)).toEqual([]);

  const path = await writtenDirectory();
  for (const folder of [join(path, '..', '..'), join(path, '..'), path]) chmodSync(folder, 0o755);
  for (const name of readdirSync(path)) chmodSync(join(path, name), 0o444);
  expect(await asOrdinaryUser(() => codeRejected(open(path)))).toBe('storage-permission');
});

test.each([
  ['IO error: /n/database/000003.log: No space left on device', 'storage-full'],
  ['IO error: /n/database/000003.log: Disk quota exceeded', 'storage-full'],
  ['IO error: /n/database/000003.log: Input/output error', 'storage-failed'],
  ['IO error: /n/database/000003.log: Read-only file system', 'storage-permission'],
  ['IO error: /n/database/LOCK: Permission denied', 'storage-permission'],
  ['Corruption: checksum mismatch', 'storage-damaged'],
])('LevelDB says "%s": %s', (message, code) => {
  const wrapped = new Error('Database failed to open', { cause: new Error(message) });
  expect(storageError(wrapped, '/n').code).toBe(code);
  expect(storageError(new Error(message), '/n').message).toContain(message);
});

test('what the file system says is known by its code', () => {
  const failure = (code: string) => storageError(Object.assign(new Error('failed'), { code }), '/n').code;
  expect(failure('ENOSPC')).toBe('storage-full');
  expect(failure('EROFS')).toBe('storage-permission');
  expect(failure('EIO')).toBe('storage-failed');
  expect(present(storageError('odd', '/n').code, 'a code')).toBe('storage-failed');
});
