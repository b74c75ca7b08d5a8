import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, toHex, utf8 } from '../../../src/base/index.ts';
import { canonicalJson, canonicalResource, type JsonObject, scanJson } from '../../../src/fhir/index.ts';

const canonical = (text: string): string => fromUtf8(canonicalJson(scanJson(utf8(text), 'test.json')));

describe('RFC 8785', () => {
  it('§3.2.2: writes literals and strings in one way', () => {
    const source = String.raw`{ "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false] }`;
    const expected = String.raw`{"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
    expect(canonical(source)).toBe(expected);
    // The RFC prints these bytes in §3.2.4.
    expect(toHex(utf8(expected)).endsWith('22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d')).toBe(true);
  });

  it('§3.2.3: sorts names by UTF-16 code units, not by code points', () => {
    const source = String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`;
    expect(Object.values(JSON.parse(canonical(source)))).toEqual(
      // "1" is an array index, which JSON.parse lists first; the rest is the order of the RFC.
      [
        'One',
        'Carriage Return',
        'Control',
        'Latin Small Letter O With Diaeresis',
        'Euro Sign',
        'Emoji: Grinning Face',
        'Hebrew Letter Dalet With Dagesh',
      ],
    );
    expect(canonical(source).startsWith(String.raw`{"\r":"Carriage Return","1":"One"`)).toBe(true);
  });

  it('deviates for numbers: decimals stay as the source writes them', () => {
    expect(canonical('[1.0, 1.00,1E30 , 333333333.33333329]')).toBe('[1.0,1.00,1E30,333333333.33333329]');
  });
});

describe('the canonical form', () => {
  it('is the same however the text was laid out and ordered', () => {
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : value !== null && typeof value === 'object'
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([name, member]) => [name, reversed(member)]),
            )
          : value;
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), (value) => {
        const once = canonical(JSON.stringify(value, null, 3));
        expect(canonical(JSON.stringify(reversed(value)))).toBe(once);
        expect(canonical(once)).toBe(once);
        expect(JSON.parse(once)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('of a resource leaves out its own meta and nothing else', () => {
    const node = scanJson(
      utf8('{"resourceType":"Basic","meta":{"versionId":"3"},"extension":[{"meta":1}]}'),
      'test.json',
    );
    expect(fromUtf8(canonicalResource(node as JsonObject))).toBe('{"extension":[{"meta":1}],"resourceType":"Basic"}');
  });
});
