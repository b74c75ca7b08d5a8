import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { present, utf8 } from '../../../src/base/index.ts';
import {
  bundleFile,
  bundleOf,
  bundlesIn,
  custodiansIn,
  defaultDomain,
  type Home,
  type ImportReport,
  importBundles,
  parseEntryReference,
  playDemo,
  timelineOf,
  verifyRecord,
} from '../../../src/demo/index.ts';
import { readBundle } from '../../../src/fhir/index.ts';
import { hasVectors, vectorsDirectory } from '../../support/vectors.ts';
import { Stage } from './stage.ts';

const patient = (id: string, family: string) => ({
  fullUrl: `urn:uuid:${id}`,
  resource: {
    resourceType: 'Patient',
    id,
    identifier: [{ system: 'urn:mrn', value: id }],
    name: [{ family, given: ['A'] }],
  },
});
const condition = (id: string, subject: string) => ({
  fullUrl: `urn:uuid:${id}`,
  resource: {
    resourceType: 'Condition',
    id,
    meta: { versionId: '1' },
    subject: { reference: subject },
    onsetDateTime: '2020-01-02',
    code: { text: 'Asthma' },
  },
  request: { method: 'POST', url: 'Condition' },
});
const organisation = { fullUrl: 'urn:uuid:o', resource: { resourceType: 'Organization', id: 'o', name: 'A practice' } };
const bundle = (...entry: object[]): string =>
  JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry }, null, 1);

async function take(home: Home, text: string, file = 'records.json'): Promise<ImportReport> {
  const custodian = present(custodiansIn(home)[0], 'a custodian');
  return importBundles(home, custodian, [bundleOf(file, utf8(text))]);
}

describe('importing a Bundle', () => {
  it('gives what it says to whom it is about, and the rest to the domain', async () => {
    await using stage = await Stage.set();
    const home = stage.home();
    const report = await take(
      home,
      bundle(
        patient('1', 'One'),
        patient('2', 'Two'),
        condition('c', 'urn:uuid:2'),
        condition('d', 'Patient/1'),
        organisation,
      ),
    );
    expect(report).toMatchObject({ anchored: 5, skipped: 0, credentials: 1 });
    expect(report.patients.map(({ key, title }) => [key, title])).toEqual([
      ['patient/a-one', 'A One'],
      ['patient/a-two', 'A Two'],
    ]);
    for (const { identity } of report.patients) {
      const rows = await timelineOf(home, [identity.did]);
      expect(rows.map(({ resourceType }) => resourceType)).toEqual(['Condition', 'Patient']);
      const link = await stage.ledger.link(defaultDomain(home), identity.did);
      expect(link.link).toMatchObject({ keyHolder: 'custodian' });
    }
    const own: unknown[] = [];
    for await (const { entry } of stage.ledger.domainRecords(defaultDomain(home))) own.push(entry['type']);
    expect(own).toEqual(['record-anchored']);
  });

  it('knows a person, an organisation and an entry again, also in another Bundle', async () => {
    await using stage = await Stage.set();
    await take(stage.home(), bundle(patient('1', 'One'), organisation));
    const other = await take(
      await stage.restart(),
      bundle(patient('1', 'One'), condition('c', 'Patient/1'), organisation),
      'other.json',
    );
    expect(other).toMatchObject({ anchored: 3, skipped: 0 });
    expect(stage.ledger.executed.filter((kind) => kind === 'enrolment.link')).toHaveLength(1);
    expect(stage.ledger.executed.filter((kind) => kind === 'credential.issue')).toHaveLength(2);
    const again = await take(
      stage.home(),
      bundle(patient('1', 'One'), condition('c', 'Patient/1'), organisation),
      'other.json',
    );
    expect(again).toMatchObject({ anchored: 0, skipped: 3 });
  });

  it('anchors an entry that was changed, and the same one twice in a Bundle only once', async () => {
    await using stage = await Stage.set();
    const entry = condition('c', 'Patient/1');
    expect(await take(stage.home(), bundle(patient('1', 'One'), entry, entry))).toMatchObject({
      anchored: 2,
      skipped: 1,
    });
    const changed = { ...entry, resource: { ...entry.resource, onsetDateTime: '2020-01-03' } };
    expect(await take(stage.home(), bundle(patient('1', 'One'), changed))).toMatchObject({ anchored: 1, skipped: 1 });
  });

  it('tells two people of one name apart', async () => {
    await using stage = await Stage.set();
    const report = await take(stage.home(), bundle(patient('1', 'Same'), patient('2', 'Same')));
    expect(report.patients.map(({ key }) => key)).toEqual(['patient/a-same', 'patient/a-same-2']);
  });

  it('sends nothing of a file that is no Bundle', async () => {
    await using stage = await Stage.set();
    await expect(take(stage.home(), bundle(patient('1', 'One'), { fullUrl: 'x' }))).rejects.toMatchObject({
      code: 'input-invalid',
    });
    expect(stage.ledger.executed).toEqual(['credential.issue']);
    await expect(bundlesIn(join(stage.directory, 'missing'))).rejects.toMatchObject({ code: 'input-invalid' });
    await expect(bundlesIn(stage.directory)).rejects.toMatchObject({ code: 'input-invalid' });
  });
});

describe('verifying an entry of a file', () => {
  const text = bundle(patient('1', 'One'), condition('c', 'Patient/1'));

  async function verify(stage: Stage, changed: string, file = 'records.json') {
    const path = join(stage.directory, file);
    await writeFile(path, changed);
    return verifyRecord(stage.home(), parseEntryReference(`${path}#/entry/1`));
  }

  it('matches byte for byte, or as the same content written anew', async () => {
    await using stage = await Stage.set();
    const report = await take(stage.home(), text);
    expect(await verify(stage, text)).toMatchObject({
      matched: 'fhir-source',
      resourceType: 'Condition',
      date: '2020-01-02',
      subject: report.patients[0]?.identity.did,
    });
    expect(await verify(stage, JSON.stringify(JSON.parse(text)))).toMatchObject({ matched: 'fhir-canonical' });
    expect(await verify(stage, text, 'renamed.json')).toMatchObject({ matched: 'fhir-source' });
    const served = { ...condition('c', 'Patient/1'), fullUrl: 'https://elsewhere.example/Condition/c' };
    served.resource.meta.versionId = '2';
    expect(await verify(stage, bundle(patient('1', 'One'), served), 'served.json')).toMatchObject({
      matched: 'fhir-canonical',
    });
  });

  it('fails for every changed byte of the entry', async () => {
    await using stage = await Stage.set();
    await take(stage.home(), text);
    const bytes = utf8(text);
    const entry = present(readBundle(bytes, 'records.json').entries[1], 'an entry');
    for (let place = entry.node.start; place < entry.node.end; place++) {
      // Another layout is not another entry.
      if (bytes[place] === 0x20 || bytes[place] === 0x0a) continue;
      const changed = Uint8Array.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 1;
      const attempt = verify(stage, new TextDecoder('latin1').decode(changed));
      await expect(attempt).rejects.toMatchObject({ code: 'verification-failed' });
    }
  });

  it('says what is wrong', async () => {
    await using stage = await Stage.set();
    await expect(verify(stage, text)).rejects.toThrow('no entry with these bytes or this content was anchored');
    await take(stage.home(), text);
    await expect(verify(stage, text.replace('"POST"', '"PUT"'))).rejects.toThrow('what surrounds it');
    await expect(verify(stage, text.replace('Asthma', 'asthma'))).rejects.toThrow('its bytes and its content differ');
    await expect(verify(stage, bundle(patient('1', 'One')))).rejects.toThrow('has no entry 1');
    for (const reference of ['records.json', 'records.json#/entry/x', 'records.json#/entry/01', '#/entry/1'])
      expect(() => parseEntryReference(reference)).toThrow(expect.objectContaining({ code: 'usage' }));
    const missing = verifyRecord(stage.home(), parseEntryReference(`${stage.directory}/none.json#/entry/1`));
    await expect(missing).rejects.toMatchObject({ code: 'input-invalid' });
  });

  it('does not take the keystore for the ledger', async () => {
    await using stage = await Stage.set();
    stage.ledger.fail = (kind) => (kind === 'record.anchor' ? 'before' : undefined);
    await expect(take(stage.home(), text)).rejects.toMatchObject({ code: 'no-quorum' });
    await expect(verify(stage, text)).rejects.toThrow('the ledger does not hold it');
  });
});

describe.skipIf(!hasVectors('synthea-r4'))('published vectors: synthea-r4', () => {
  it('anchors 627 entries once, verifies them, and finds nothing of them on the ledger', async () => {
    await using stage = await Stage.set();
    const directory = join(vectorsDirectory, 'synthea-r4');
    const deliveries = async (home: Home) => [{ domain: defaultDomain(home), sources: await bundlesIn(directory) }];
    let home = stage.home();
    const fractions: number[] = [];
    const { summary, story } = await playDemo(home, await deliveries(home), ({ doneBytes, totalBytes }) =>
      fractions.push(doneBytes / totalBytes),
    );
    expect(summary).toMatchObject({ anchored: 627, skipped: 0, patients: 5, credentials: 102 + 8 + 8 });
    expect(summary.decisions.map(({ decision }) => decision)).toEqual([
      'deny',
      'permit-break-glass',
      'permit',
      'deny',
      'deny',
    ]);
    expect(story?.timeline.every(({ resourceType }) => resourceType !== undefined)).toBe(true);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
    expect(fractions.at(-1)).toBe(1);

    home = await stage.restart();
    const executed = stage.ledger.executed.length;
    const again = await playDemo(home, await deliveries(home));
    expect(again.summary).toEqual({ ...summary, anchored: 0, skipped: 627 });
    expect(stage.ledger.executed).toHaveLength(executed);

    const [source] = await bundlesIn(directory);
    const path = join(directory, present(source, 'a file').file);
    expect(await verifyRecord(home, { path, index: 17 })).toMatchObject({ matched: 'fhir-source' });
    const bytes = new Uint8Array(await readFile(path));
    const entry = present(readBundle(bytes, path).entries[17], 'an entry');
    const place = entry.node.start + Math.floor(entry.bytes.length / 2);
    bytes[place] = (bytes[place] ?? 0) ^ 1;
    const copy = join(stage.directory, (await bundleFile(path)).file);
    await writeFile(copy, bytes);
    await expect(verifyRecord(home, { path: copy, index: 17 })).rejects.toMatchObject({ code: 'verification-failed' });

    const contents = stage.ledger.contents().join('\n');
    const words = vocabularyOf(await Promise.all((await bundlesIn(directory)).map(({ read }) => read())));
    // A status of FHIR, and what happened to a recovery of a key.
    expect(words.filter((word) => word !== 'finished' && contents.includes(word))).toEqual([]);
  }, 60_000);
});

/** Every text of the Bundles that is long enough to be recognised: names, identifiers, codes, displays, dates, references. */
function vocabularyOf(files: readonly Uint8Array[]): string[] {
  const words = new Set<string>();
  const collect = (value: unknown): void => {
    if (typeof value === 'string' && value.length >= 6) words.add(value);
    else if (value !== null && typeof value === 'object') Object.values(value).forEach(collect);
  };
  for (const file of files) collect((JSON.parse(new TextDecoder().decode(file)) as { entry: unknown }).entry);
  return [...words];
}
