import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AssentError, InvariantError } from '../../../src/base/index.ts';
import { failureOf, failureText } from '../../../src/cli/output/failure.ts';
import { plainStyle, styleFor } from '../../../src/cli/output/style.ts';
import { clean, facts, table } from '../../../src/cli/output/table.ts';
import { relativeText, shortDid, timeText, whenText } from '../../../src/cli/output/words.ts';

describe('a table', () => {
  it('aligns its columns, numbers to the right', () => {
    const text = table(
      plainStyle,
      [{ title: 'height', align: 'right' }, 'hash'],
      [
        ['7', 'abc'],
        ['1234567', 'd'],
      ],
    );
    expect(text.split('\n')).toEqual([' height  hash', '      7  abc', '1234567  d']);
  });

  it('is as wide with colours as without', () => {
    const coloured = styleFor({ write: () => undefined, isTTY: true }, {});
    const rows = (paint: (text: string) => string): string[][] => [
      [paint('ok'), 'x'],
      ['refused', 'y'],
    ];
    expect(stripVTControlCharacters(table(coloured, ['result', 'tx'], rows(coloured.good)))).toBe(
      table(
        plainStyle,
        ['result', 'tx'],
        rows((text) => text),
      ),
    );
  });

  it('leaves out facts that are not known', () => {
    expect(
      facts(plainStyle, [
        ['a', '1'],
        ['longer', undefined],
        ['bb', '2'],
      ]),
    ).toBe('a   1\nbb  2');
  });

  it('lets no text from elsewhere move the cursor', () => {
    expect(clean('a\u001b[2Jb\rc\u0007')).toBe('ab\ufffdc\ufffd');
  });
});

describe('colour', () => {
  const terminal = { write: () => undefined, isTTY: true };
  it('is for terminals that want it', () => {
    expect(styleFor(terminal, {}).good('x')).not.toBe('x');
    expect(styleFor(terminal, { NO_COLOR: '1' }).good('x')).toBe('x');
    expect(styleFor(terminal, { TERM: 'dumb' }).good('x')).toBe('x');
    expect(styleFor({ write: () => undefined }, {}).good('x')).toBe('x');
  });
});

describe('times and names', () => {
  it('are absolute and relative', () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    expect(timeText(at)).toBe('2026-01-02 03:04:05 UTC');
    expect(whenText(at, at + 180_000)).toBe('2026-01-02 03:04:05 UTC (3 min ago)');
    expect(relativeText(4 * 3_600_000)).toBe('in 4 h');
    expect(relativeText(-500)).toBe('now');
    expect(shortDid('did:assent:z6MkabcdefghijklmNOP')).toBe('z6Mkabcdefgh');
  });
});

describe('a failure', () => {
  it('of a rule shows the code and the rule of the ledger', () => {
    const refused = new AssentError('refused', 'this person has granted no such consent', {
      code: 'consent-not-own',
      rule: 'consent-is-own',
      id: 'ab',
    });
    const failure = failureOf(refused);
    expect(failure).toMatchObject({
      code: 'consent-not-own',
      exitCode: 1,
      details: { rule: 'consent-is-own', id: 'ab' },
    });
    expect(failureText(failure, plainStyle)).toMatch(
      /^assent: This person has granted no such consent\. .* \[consent-not-own, rule consent-is-own\]$/,
    );
  });

  it('has the exit code of the error table', () => {
    expect(failureOf(new AssentError('verification-failed', 'x')).exitCode).toBe(4);
    expect(failureOf(new AssentError('outcome-unknown', 'x')).exitCode).toBe(5);
    expect(failureOf(new AssentError('no-quorum', 'x')).exitCode).toBe(3);
  });

  it('that nobody expected is a bug: 70', () => {
    expect(failureOf(new InvariantError('a leader has a term'))).toMatchObject({ code: 'internal', exitCode: 70 });
    expect(failureOf('text').exitCode).toBe(70);
  });

  it('of the disk is a sentence, too', () => {
    const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES', syscall: 'mkdir' });
    expect(failureOf(denied)).toMatchObject({ code: 'storage-permission', exitCode: 2 });
  });
});
