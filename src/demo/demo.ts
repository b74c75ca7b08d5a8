import { AssentError, present } from '../base/index.ts';
import type { Role } from '../contracts/index.ts';
import { type Appointment, type Custodian, custodiansIn, ensureCredentials } from './enrol.ts';
import { type Home, identityNamed } from './home.ts';
import { type ImportProgress, importBundles } from './records/import.ts';
import type { Patient } from './records/people.ts';
import type { BundleSource } from './records/sources.ts';
import { type TimelineRow, timelineOf } from './records/timeline.ts';
import { type AccessRow, accessLogOf } from './story/access-log.ts';
import { playAftermath } from './story/aftermath.ts';
import { aftermathCastOf, castOf } from './story/cast.ts';
import { playGuardians } from './story/guardians.ts';
import type { StoryStep } from './story/player.ts';
import { playEmergency } from './story/story.ts';
import { playVote } from './story/vote.ts';

/** Records that go into one custodian's domain. */
export interface Delivery {
  readonly domain: string;
  readonly sources: readonly BundleSource[];
}

/** `assent demo --json` (cli.md). */
export interface DemoSummary {
  /** Entries of Bundles that this run anchored. */
  readonly anchored: number;
  /** Entries that were anchored before. */
  readonly skipped: number;
  /** People in the input. */
  readonly patients: number;
  /** Agents of the demo that hold a credential: staff, and practitioners and organisations in the input. */
  readonly credentials: number;
  readonly decisions: readonly DemoDecision[];
}

export interface DemoDecision {
  readonly requester: string;
  readonly purpose: string;
  readonly decision: string;
  /** What settled it. */
  readonly code: string;
}

/** Everything that the demo has to tell. */
export interface DemoReport {
  readonly summary: DemoSummary;
  readonly patients: readonly Patient[];
  /** Undefined when the input has no record for an emergency, or this keystore no emergency physician. */
  readonly story: DemoStory | undefined;
}

export interface DemoStory {
  readonly patient: Patient;
  readonly domain: string;
  readonly steps: readonly StoryStep[];
  readonly timeline: readonly TimelineRow[];
  readonly accessLog: readonly AccessRow[];
}

/** Imports what is delivered, then plays the emergency with one of its patients. Playing it again does nothing twice. */
export async function playDemo(
  home: Home,
  deliveries: readonly Delivery[],
  onProgress: (progress: ImportProgress) => void = () => undefined,
): Promise<DemoReport> {
  const custodians = custodiansIn(home);
  const receivers = deliveries.map(({ domain }) => custodianOf(custodians, domain));
  const staff = await appointStaff(home, custodians);
  const totalBytes = deliveries.reduce((sum, { sources }) => sum + byteLengthOf(sources), 0);
  const counts = { anchored: 0, skipped: 0, credentials: staff };
  const arrived: Arrival[] = [];
  let doneBytes = 0;
  for (const [place, { sources }] of deliveries.entries()) {
    const custodian = present(receivers[place], 'every delivery has a receiver');
    const before = { doneBytes, anchored: counts.anchored, skipped: counts.skipped };
    const report = await importBundles(home, custodian, sources, (progress) =>
      onProgress({
        ...progress,
        doneBytes: before.doneBytes + progress.doneBytes,
        totalBytes,
        anchored: before.anchored + progress.anchored,
        skipped: before.skipped + progress.skipped,
      }),
    );
    counts.anchored += report.anchored;
    counts.skipped += report.skipped;
    counts.credentials += report.credentials;
    doneBytes += byteLengthOf(sources);
    arrived.push({ custodian, patients: report.patients });
  }
  const patients = new Map(
    arrived.flatMap((arrival) => arrival.patients.map((patient) => [patient.key, patient] as const)),
  );
  const story = await emergency(home, arrived);
  const decisions = decisionsOf(story?.steps ?? []);
  return { summary: { ...counts, patients: patients.size, decisions }, patients: [...patients.values()], story };
}

/** Whose records a custodian received. */
interface Arrival {
  readonly custodian: Custodian;
  readonly patients: readonly Patient[];
}

function byteLengthOf(sources: readonly BundleSource[]): number {
  return sources.reduce((sum, { byteLength }) => sum + byteLength, 0);
}

function decisionsOf(steps: readonly StoryStep[]): DemoDecision[] {
  return steps.flatMap(({ who, purpose, decision, code }) => {
    if (purpose === undefined || decision === undefined || code === undefined) return [];
    return [{ requester: who, purpose, decision, code }];
  });
}

/** The custodian whose domain the demo uses when none is named. Throws `key-unknown`. */
export function defaultDomain(home: Home): string {
  return custodianOf(custodiansIn(home), undefined).domain;
}

function custodianOf(custodians: readonly Custodian[], domain: string | undefined): Custodian {
  const custodian = custodians.find((candidate) => domain === undefined || candidate.domain === domain);
  if (custodian !== undefined) return custodian;
  const whose = domain === undefined ? 'any custodian' : `the custodian of ${domain}`;
  throw new AssentError('key-unknown', `This keystore holds no governance and gateway key of ${whose}.`);
}

async function emergency(home: Home, arrived: readonly Arrival[]): Promise<DemoStory | undefined> {
  for (const { custodian, patients } of arrived) {
    const cast = castOf(home, custodian, patients);
    if (cast === undefined) continue;
    const steps = await playEmergency(home, cast);
    const aftermath = aftermathCastOf(home, cast, patients);
    if (aftermath !== undefined) steps.push(...(await playAftermath(home, aftermath)));
    const third = patients.find(({ key }) => key !== cast.patient.key && key !== aftermath?.namesake.key);
    if (third !== undefined) steps.push(...(await playGuardians(home, third)));
    if (home.council !== undefined) steps.push(...(await playVote(home, home.council, custodian)));
    // The wallet unites what the ledger keeps apart: the person's identities in all domains.
    const dids = arrived.flatMap((arrival) =>
      arrival.patients.filter(({ key }) => key === cast.patient.key).map(({ identity }) => identity.did),
    );
    const [timeline, accessLog] = [await timelineOf(home, dids), await accessLogOf(home, dids)];
    return { patient: cast.patient, domain: custodian.domain, steps, timeline, accessLog };
  }
  return undefined;
}

const staffRoles: ReadonlySet<string> = new Set<Role>([
  'clinician',
  'emergency-physician',
  'researcher',
  'privacy-officer',
]);

/** Sees to it that everybody on the staff of a member holds their credential. Answers how many do. */
async function appointStaff(home: Home, custodians: readonly Custodian[]): Promise<number> {
  let count = 0;
  for (const custodian of custodians) {
    const appointments = home.keystore.list().flatMap(({ name, attributes }): Appointment[] => {
      const { role = '', member } = attributes;
      if (!staffRoles.has(role) || member !== custodian.member) return [];
      return [{ agent: identityNamed(home, name).did, role: role as Role }];
    });
    await ensureCredentials(home, custodian, appointments);
    count += appointments.length;
  }
  return count;
}
