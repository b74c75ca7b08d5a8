import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../src/base/index.ts';
import { type JsonNode, scanJson } from '../../../src/fhir/index.ts';

const scan = (text: string): JsonNode => scanJson(utf8(text), 'test.json');

function toValue(node: JsonNode): unknown {
  switch (node.type) {
    case 'object':
      // JSON.parse makes own properties of every name, "__proto__" too; so does defineProperty.
      return [...node.members].reduce(
        (object, [name, value]) =>
          Object.defineProperty(object, name, {
            value: toValue(value),
            enumerable: true,
            configurable: true,
            writable: true,
          }),
        {},
      );
    case 'array':
      return node.items.map(toValue);
    case 'number':
      return Number(node.token);
    default:
      return node.value;
  }
}

function refusal(bytes: Uint8Array, limits?: { bytesMax: number; depthMax: number }): { code: string; offset: number } {
  try {
    scanJson(bytes, 'test.json', limits);
  } catch (error) {
    const { code, data, message } = error as { code: string; data: { file: string; offset: number }; message: string };
    expect(data.file).toBe('test.json');
    expect(message).toContain(`test.json, byte ${data.offset}`);
    return { code, offset: data.offset };
  }
  throw new Error('the scanner took it');
}

const json = fc.jsonValue({ stringUnit: 'grapheme', maxDepth: 6 });

describe('the scanner against JSON.parse', () => {
  it('reads what JSON.stringify writes as JSON.parse does', () => {
    fc.assert(
      fc.property(json, fc.constantFrom(undefined, 1, '\t', ' \n'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        expect(toValue(scan(text))).toEqual(JSON.parse(text));
      }),
      { numRuns: 500 },
    );
  });

  it('names for every value the bytes that it was read from', () => {
    const check = (node: JsonNode, bytes: Uint8Array): void => {
      const text = new TextDecoder().decode(bytes.subarray(node.start, node.end));
      expect(text.trim()).toBe(text);
      expect(toValue(node)).toEqual(JSON.parse(text));
      if (node.type === 'object') for (const member of node.members.values()) check(member, bytes);
      if (node.type === 'array') for (const item of node.items) check(item, bytes);
    };
    fc.assert(
      fc.property(json, (value) => {
        const bytes = utf8(`\n ${JSON.stringify(value, null, 2)} \r\n`);
        check(scanJson(bytes, 'test.json'), bytes);
      }),
    );
  });

  it('takes no text that JSON.parse refuses, whatever is changed in a good one', () => {
    fc.assert(
      fc.property(
        json,
        fc.nat(),
        fc.constantFrom(...'{}[]",:\\0-+.eEtu \n\u0001é'),
        fc.boolean(),
        (value, at, change, insert) => {
          const text = JSON.stringify(value);
          const place = at % (text.length + 1);
          const changed = (text.slice(0, place) + change + text.slice(insert ? place : place + 1)).toWellFormed();
          let expected: unknown;
          try {
            expected = JSON.parse(changed);
          } catch {
            expect(refusal(utf8(changed)).code).toBe('input-invalid');
            return;
          }
          // The only texts that the scanner refuses beyond JSON.parse: a name used twice, an unpaired surrogate.
          try {
            expect(toValue(scan(changed))).toEqual(expected);
          } catch (error) {
            expect((error as Error).message).toMatch(/twice|surrogate/);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('keeps number tokens as written', () => {
    for (const token of ['0', '-0', '1.0', '1.00', '1e2', '1E+2', '-12.50e-3', '123456789012345678901234567890.10'])
      expect(scan(` ${token} `)).toEqual({ type: 'number', start: 1, end: 1 + token.length, token });
  });
});

describe('what two readers could disagree on is refused, with its place', () => {
  it.each([
    ['a duplicate name', '{"a":1,"a":2}', 7],
    ['a duplicate name behind an escape', '{"a":1,"\\u0061":2}', 7],
    ['an unpaired surrogate', '["\\ud800"]', 1],
    ['a low surrogate alone', '["\\udc00x"]', 1],
    ['a byte order mark', '\ufeff{}', 0],
    ['something behind the end', '{} {}', 3],
    ['a comma before the end', '[1,]', 3],
    ['a leading zero', '[01]', 2],
    ['a plus sign', '[+1]', 1],
    ['a point without digits', '[1.]', 3],
    ['a control character', '["a\u0000"]', 3],
    ['a cut string', '{"a', 1],
    ['a cut object', '{"a":1', 6],
    ['a cut escape', '"\\u12', 2],
    ['an unknown escape', '"\\x"', 2],
    ['an empty text', ' ', 1],
    ['a word', 'nul', 0],
    ['a comment', '{}//', 2],
  ])('%s', (_name, text, offset) => {
    expect(refusal(utf8(text))).toEqual({ code: 'input-invalid', offset });
  });

  it('invalid UTF-8, at the first wrong byte', () => {
    const opening = [0x5b, 0x22, 0x61, 0xc3, 0xa9];
    for (const wrong of [
      [0xff],
      [0xc0, 0x80],
      [0xe0, 0x80, 0x80],
      [0xed, 0xa0, 0x80],
      [0xf4, 0x90, 0x80, 0x80],
      [0xc3],
      [0xf0, 0x9f, 0x92],
    ])
      expect(refusal(Uint8Array.from([...opening, ...wrong, 0x22, 0x5d])).offset).toBe(5);
  });

  it('takes surrogate pairs and every Unicode scalar value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(scan(JSON.stringify(text))).toMatchObject({ value: text });
        const escaped = [...Array(text.length).keys()].map(
          (at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`,
        );
        expect(scan(`"${escaped.join('')}"`)).toMatchObject({ value: text });
      }),
    );
  });

  it('holds its bounds on size and depth', () => {
    const limits = { bytesMax: 64, depthMax: 3 };
    expect(scanJson(utf8('[[[1]]]'), 'test.json', limits).type).toBe('array');
    expect(refusal(utf8('[[[[1]]]]'), limits).offset).toBe(3);
    expect(refusal(utf8(`"${'a'.repeat(63)}"`), limits).offset).toBe(0);
    // Without a bound this would overflow the stack.
    expect(refusal(utf8('['.repeat(1_000_000))).code).toBe('input-invalid');
  });
});
