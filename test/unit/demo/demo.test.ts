import { describe, expect, it } from 'vitest';
import { type DemoReport, generateConsortium, type Home, linkedIdentities, playDemo } from '../../../src/demo/index.ts';
import { someSeed } from './rule-ledger.ts';
import { Stage } from './stage.ts';

const play = (stage: Stage, home: Home): Promise<DemoReport> => playDemo(home, stage.consortium.records);
const entryCount = 9 * 10;

describe('the invented consortium', () => {
  it('is the same for the same seed, and another for another', async () => {
    const [one, same] = [generateConsortium(someSeed), generateConsortium(someSeed)];
    const other = generateConsortium(Uint8Array.from(someSeed).fill(8));
    expect(one.keys).toEqual(same.keys);
    expect(new Set([...one.keys, ...other.keys].map(({ seed }) => seed.join())).size).toBe(one.keys.length * 2);
    const texts = (consortium: typeof one) =>
      Promise.all(
        consortium.records.flatMap(({ sources }) => sources.map(async (source) => (await source.read()).join())),
      );
    expect(await texts(one)).toEqual(await texts(same));
    expect(await texts(one)).not.toEqual(await texts(other));
    expect(one.hospitals).toHaveLength(3);
    expect(one.records.flatMap(({ sources }) => sources)).toHaveLength(9);
  });
});

describe('the demo', () => {
  it('anchors every record and plays the emergency to its end', async () => {
    await using stage = await Stage.set();
    const { summary, story } = await play(stage, stage.home());
    expect(summary).toMatchObject({ anchored: entryCount, skipped: 0, patients: 6, credentials: 8 });
    expect(summary.decisions).toEqual([
      { requester: 'Dr Noor Haddad', purpose: 'TREAT', decision: 'deny', code: 'implicit-policy' },
      { requester: 'Dr Noor Haddad', purpose: 'BTG', decision: 'permit-break-glass', code: 'break-glass' },
      { requester: 'Dr Noor Haddad', purpose: 'TREAT', decision: 'permit', code: 'permit' },
      { requester: 'Dr Noor Haddad', purpose: 'TREAT', decision: 'deny', code: 'implicit-policy' },
      { requester: 'Dr Noor Haddad', purpose: 'BTG', decision: 'deny', code: 'implicit-policy' },
    ]);
    expect(story?.steps.map(({ step }) => step)).toEqual([
      'ask',
      'break-glass',
      'emergency-read',
      'look',
      'grant',
      'read',
      'revoke',
      'read-again',
      'wrong-glass',
      'glass-over',
      'correct',
      'review',
      'guardians',
      'veto',
      'recover',
    ]);
    expect(story?.steps.find(({ step }) => step === 'look')?.what).toContain('sees 3 entries, 1 of them denials');
  });

  it('ends with the timeline in the order of care, and the log with names and what was asked for', async () => {
    await using stage = await Stage.set();
    const { story } = await play(stage, stage.home());
    const dates = story?.timeline.map(({ date }) => date) ?? [];
    const dated = dates.filter((date) => date !== undefined);
    expect(dated).toHaveLength(18);
    expect(dates.indexOf(undefined)).toBe(18);
    // Two hospitals know her; her wallet makes one record of it.
    expect(new Set(story?.timeline.map(({ domain }) => domain))).toEqual(new Set(['st-mary', 'riverside']));
    const identities = await linkedIdentities(stage.home(), story?.patient.key ?? '', [
      'northgate',
      'riverside',
      'st-mary',
    ]);
    expect(new Set(identities.map(({ did }) => did)).size).toBe(2);
    expect(dated.map((date) => Date.parse(date))).toEqual(dated.map((date) => Date.parse(date)).sort((a, b) => a - b));
    const allergy = story?.timeline.find(
      ({ resourceType, domain }) => resourceType === 'AllergyIntolerance' && domain === story.domain,
    );
    expect(allergy?.place).toMatch(/^st-mary-ada-verstraete\.json#\/entry\/1$/);
    expect(story?.accessLog.map(({ kind, who, what }) => [kind, who, what])).toEqual([
      ['decision', 'Dr Noor Haddad', allergy?.title],
      ['glass-broken', 'Dr Noor Haddad', 'Unconscious on arrival; treatment cannot wait.'],
      ['decision', 'Dr Noor Haddad', allergy?.title],
      ['decision', 'Dr Noor Haddad', allergy?.title],
      ['decision', 'Dr Noor Haddad', allergy?.title],
      ['glass-reviewed', 'Ines Roth', 'Called to the emergency room; allergies only; consistent with the chart.'],
    ]);
  });

  it('does nothing twice, and tells the same story again', async () => {
    await using stage = await Stage.set();
    const first = await play(stage, stage.home());
    const before = stage.ledger.contents();
    const executed = stage.ledger.executed.length;
    const again = await play(stage, await stage.restart());
    expect(again.summary).toEqual({ ...first.summary, anchored: 0, skipped: entryCount });
    expect(again.story?.steps.map(({ what, decision }) => [what, decision])).toEqual(
      first.story?.steps.map(({ what, decision }) =>
        // The log has grown since, and she sees that.
        [what.replace('3 entries, 1 of them', '6 entries, 2 of them'), decision],
      ),
    );
    expect(stage.ledger.executed).toHaveLength(executed);
    expect(stage.ledger.contents()).toEqual(before);
  });

  it('goes on after a crash at every transaction, whichever way it was lost', async () => {
    await using reference = await Stage.set();
    await play(reference, reference.home());
    const kinds = reference.ledger.executed.toSorted();
    for (const loss of ['before', 'after'] as const) {
      await using stage = await Stage.set();
      let crashes = 0;
      let report: DemoReport | undefined;
      let home = stage.home();
      while (report === undefined) {
        let countdown = 1;
        // Each run gets one transaction further, so that every one is lost once.
        stage.ledger.fail = () => (countdown-- > 0 ? undefined : loss);
        try {
          report = await play(stage, home);
        } catch (error) {
          expect(error).toMatchObject({ code: loss === 'before' ? 'no-quorum' : 'outcome-unknown' });
          crashes += 1;
          home = await stage.restart();
        }
      }
      expect(crashes).toBeGreaterThan(10);
      expect(report.summary.decisions.map(({ decision }) => decision)).toEqual([
        'deny',
        'permit-break-glass',
        'permit',
        'deny',
        'deny',
      ]);
      expect(stage.ledger.executed.toSorted()).toEqual(kinds);
      expect(report.story?.timeline.every(({ resourceType }) => resourceType !== undefined)).toBe(true);
      // What was lost went out again under the same commitments, so no opening is without its item.
      expect([...stage.keystore.openings({ kind: 'record' })]).toHaveLength(2 * entryCount);
    }
  });

  it('leaves nothing of the records on the ledger', async () => {
    await using stage = await Stage.set();
    const { story } = await play(stage, stage.home());
    const words = new Set(['AllergyIntolerance', 'Observation', 'Unconscious', story?.patient.key ?? '']);
    for (const { title, date, place } of story?.timeline ?? [])
      for (const word of [title, date, place]) if (word !== undefined) words.add(word);
    for (const patient of stage.consortium.patients)
      for (const word of [patient.given, patient.family, patient.birthDate, patient.slug]) words.add(word);
    const contents = stage.ledger.contents().join('\n');
    expect(contents).toContain('st-mary');
    expect([...words].filter((word) => contents.includes(word))).toEqual([]);
    // One wallet is several strangers: the DIDs of a person known to two hospitals differ.
    expect(contents).not.toContain(Buffer.from(stage.keystore.seed('patient/ada-verstraete')).toString('latin1'));
  });

  it('says which keys are missing', async () => {
    await using stage = await Stage.set();
    const [records] = stage.consortium.records;
    const elsewhere = { domain: 'nowhere', sources: records?.sources ?? [] };
    await expect(playDemo(stage.home(), [elsewhere])).rejects.toMatchObject({ code: 'key-unknown' });
  });
});
