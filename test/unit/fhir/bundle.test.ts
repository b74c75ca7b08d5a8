import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fromUtf8, toHex, utf8 } from '../../../src/base/index.ts';
import { verifyCommitment } from '../../../src/crypto/portable.ts';
import {
  type Bundle,
  type BundleEntry,
  canonicalBody,
  commitEntry,
  readBundle,
  readResource,
  sourceBody,
  sourceDigest,
  wrappingDigest,
} from '../../../src/fhir/index.ts';
import { type CanonicalValue, decodeCanonical } from '../../../src/ledger/codec/index.ts';
import { SeededRandom } from '../../support/simulated-random.ts';
import { hasVectors, listJson, vectorsDirectory } from '../../support/vectors.ts';

const observation = {
  resourceType: 'Observation',
  id: 'o1',
  meta: { versionId: '1' },
  effectiveDateTime: '2019-05-29',
  valueDecimal: 1,
};
const read = (text: string): Bundle => readBundle(utf8(text), 'records/test.json');

const fields = (body: Uint8Array): readonly CanonicalValue[] => decodeCanonical(body) as readonly CanonicalValue[];

function entryOf(resource: object, wrapping: object = {}): BundleEntry {
  const [entry] = read(JSON.stringify({ resourceType: 'Bundle', entry: [{ ...wrapping, resource }] })).entries;
  if (entry === undefined) throw new Error('no entry');
  return entry;
}

describe('reading a Bundle', () => {
  it('names itself by identifier, else id, else file', () => {
    const bundle = { resourceType: 'Bundle', id: 'b', identifier: { system: 'urn:s', value: 'v' } };
    expect(read(JSON.stringify(bundle)).identity).toBe('identifier:urn:s|v');
    expect(read(JSON.stringify({ ...bundle, identifier: undefined })).identity).toBe('id:b');
    expect(read('{"resourceType":"Bundle"}')).toMatchObject({ identity: 'file:test.json', entries: [] });
  });

  it('gives each entry and resource its exact bytes', () => {
    const bundle = read(
      '{"resourceType":"Bundle","entry":[ {"fullUrl" : "urn:a", "resource": {"resourceType":"Basic","id":"é"} } ,{"resource":{"resourceType":"Basic"}}]}',
    );
    expect(bundle.entries.map((entry) => fromUtf8(entry.bytes))).toEqual([
      '{"fullUrl" : "urn:a", "resource": {"resourceType":"Basic","id":"é"} }',
      '{"resource":{"resourceType":"Basic"}}',
    ]);
    expect(bundle.entries[0]).toMatchObject({
      index: 0,
      fullUrl: 'urn:a',
      resource: { resourceType: 'Basic', id: 'é' },
    });
    expect(fromUtf8(bundle.entries[0]?.resource.bytes ?? new Uint8Array())).toBe('{"resourceType":"Basic","id":"é"}');
  });

  it.each([
    ['another resource', '{"resourceType":"Patient"}'],
    ['no object', '[]'],
    ['entries that are no array', '{"resourceType":"Bundle","entry":{}}'],
    ['an entry that is no object', '{"resourceType":"Bundle","entry":[1]}'],
    ['an entry without a resource', '{"resourceType":"Bundle","entry":[{"request":{"method":"DELETE"}}]}'],
    ['a resource without a type', '{"resourceType":"Bundle","entry":[{"resource":{}}]}'],
    ['a type that is no FHIR name', '{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"a b"}}]}'],
  ])('refuses %s', (_name, text) => {
    expect(() => read(text)).toThrow(expect.objectContaining({ code: 'input-invalid' }));
  });
});

describe('committing to an entry', () => {
  it('makes two commitments that open, hide under their own salts, and say type and date inside', () => {
    const entry = entryOf(observation);
    const { source, canonical } = commitEntry(entry, new SeededRandom(1));
    for (const { commitment, salt, body } of [source, canonical])
      expect(verifyCommitment(commitment, salt, body)).toBe(true);
    expect(toHex(source.salt)).not.toBe(toHex(canonical.salt));
    expect(fields(source.body)).toEqual([1, 'fhir-source', 'Observation', '2019-05-29', sourceDigest(entry)]);
    expect(fields(canonical.body).slice(0, 4)).toEqual([1, 'fhir-canonical', 'Observation', '2019-05-29']);
    expect(fields(sourceBody(entryOf({ resourceType: 'Patient' })))).toContain(null);
    const again = commitEntry(entry, new SeededRandom(2)).source;
    expect(toHex(again.body)).toBe(toHex(source.body));
    expect(toHex(again.commitment)).not.toBe(toHex(source.commitment));
  });

  it('the canonical one survives another layout, order and meta, but no other value or precision', () => {
    const before = toHex(canonicalBody(entryOf(observation).resource));
    const { meta: _, ...rest } = observation;
    const served = readResource(utf8(JSON.stringify({ meta: { versionId: '2' }, ...rest }, null, 4)), 'served.json');
    expect(toHex(canonicalBody(served))).toBe(before);
    const precise = JSON.stringify(observation).replace('"valueDecimal":1', '"valueDecimal":1.0');
    expect(toHex(canonicalBody(readResource(utf8(precise), 'served.json')))).not.toBe(before);
  });

  it('tells what is wrapped around a resource from how it is laid out', () => {
    const before = toHex(wrappingDigest(entryOf(observation, { fullUrl: 'urn:a', request: { method: 'POST' } })));
    expect(toHex(wrappingDigest(entryOf(observation, { request: { method: 'POST' }, fullUrl: 'urn:a' })))).toBe(before);
    expect(
      toHex(wrappingDigest(entryOf({ ...observation, id: 'o2' }, { fullUrl: 'urn:a', request: { method: 'POST' } }))),
    ).toBe(before);
    expect(toHex(wrappingDigest(entryOf(observation, { fullUrl: 'urn:b', request: { method: 'POST' } })))).not.toBe(
      before,
    );
    expect(
      toHex(wrappingDigest(entryOf({ ...observation, meta: {} }, { fullUrl: 'urn:a', request: { method: 'POST' } }))),
    ).not.toBe(before);
  });
});

describe.skipIf(!hasVectors('synthea-r4'))('published vectors: synthea-r4', () => {
  const bundles = listJson('synthea-r4').map((path) => {
    const bytes = readFileSync(join(vectorsDirectory, path));
    return { path, bytes, bundle: readBundle(bytes, path) };
  });

  it('holds 525 entries of five patients and 102 organisations', () => {
    const counts = bundles.map(({ bundle }) => bundle.entries.length);
    expect(bundles).toHaveLength(6);
    expect(counts.reduce((sum, count) => sum + count)).toBe(627);
    const patients = bundles.filter(({ bundle }) =>
      bundle.entries.some(({ resource }) => resource.resourceType === 'Patient'),
    );
    expect(patients).toHaveLength(5);
    expect(patients.reduce((sum, { bundle }) => sum + bundle.entries.length, 0)).toBe(525);
  });

  it('reads every entry from exactly its bytes', () => {
    for (const { bytes, bundle } of bundles) {
      const parsed = JSON.parse(fromUtf8(bytes)) as { entry: { resource: unknown }[] };
      for (const entry of bundle.entries) {
        expect(JSON.parse(fromUtf8(entry.bytes))).toEqual(parsed.entry[entry.index]);
        expect(JSON.parse(fromUtf8(entry.resource.bytes))).toEqual(parsed.entry[entry.index]?.resource);
      }
    }
  });

  it('every entry but people, places and organisations has a date of care', () => {
    const undated = new Set<string>();
    for (const { bundle } of bundles)
      for (const { resource } of bundle.entries)
        if (fields(canonicalBody(resource))[3] === null) undated.add(resource.resourceType);
    expect([...undated].sort()).toEqual(['Organization', 'Patient', 'Practitioner']);
  });

  it('one changed byte changes what is committed to', () => {
    const random = new SeededRandom(7);
    for (const { path, bytes, bundle } of bundles) {
      const entry = random.pick(bundle.entries);
      const before = toHex(sourceBody(entry));
      for (let round = 0; round < 20; round++) {
        const changed = Uint8Array.from(bytes);
        const place = entry.node.start + 1 + random.below(entry.bytes.length - 2);
        changed[place] = (changed[place] ?? 0) ^ (1 << random.below(7));
        let after: string;
        try {
          after = toHex(sourceBody(readBundle(changed, path).entries[entry.index] ?? entry));
        } catch (error) {
          expect(error).toMatchObject({ code: 'input-invalid' });
          continue;
        }
        expect(after).not.toBe(before);
      }
    }
  });
});
