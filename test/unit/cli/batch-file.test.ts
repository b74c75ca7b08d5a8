import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readBatch } from '../../../src/cli/ledger/batch-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'assent-batch-'));
const file = join(directory, 'accesses.ndjson');
afterAll(() => rmSync(directory, { recursive: true }));

const named = { agent: 'amara', subject: 'ada', purpose: 'TREAT', resource: 'the allergies' };
const signed = { request: '00ff', requestSignature: 'ab'.repeat(64) };

function read(...lines: readonly (object | string)[]): ReturnType<typeof readBatch> {
  writeFileSync(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return readBatch(file);
}

describe('a file of accesses', () => {
  it('has requests that are signed already, and such that are to be signed here', () => {
    expect(read(named, '', { ...signed, inEmergencyCategory: true }, '  ')).toEqual([
      { number: 1, named: { ...named, action: 'access' } },
      { number: 3, signed: { ...signed, inEmergencyCategory: true } },
    ]);
  });

  it.each<[string, readonly (object | string)[], string]>([
    ['no JSON', [named, '{"agent":'], 'line 2: this is no JSON'],
    ['a line that is no object', [named, '[]'], 'line 2: '],
    ['an unknown purpose', [named, '', { ...named, purpose: 'HEALING' }], 'line 3: purpose: '],
    ['a field too many', [{ ...named, reason: 'x' }], 'line 1: Unrecognized key: "reason"'],
    ['no resource', [{ ...named, resource: '' }], 'line 1: resource: '],
    ['facts of no record', [{ ...named, facts: { label: 'PSY' } }], 'line 1: facts.reference: '],
    ['a request without its signature', [{ request: '00' }], 'line 1: requestSignature: '],
    [
      'an impossible result set',
      [{ ...signed, results: [{ consent: 'aa', version: 1, results: 0, namesBreakGlass: false }] }],
      'line 1: results.0.results: ',
    ],
    ['no access', ['', ' '], 'has no access'],
    ['too many', Array.from({ length: 1001 }, () => named), 'has 1001 accesses; a batch takes 1000'],
  ])('with %s is refused where it is wrong', (_, lines, problem) => {
    expect(() => read(...lines)).toThrow(problem);
    expect(() => read(...lines)).toThrow(file);
  });

  it('that is not there is said to be so', () => {
    expect(() => readBatch(join(directory, 'none'))).toThrow('cannot be read');
  });
});
