import { type Bundle, readBundle } from '../../fhir/index.ts';
import { type Custodian, ensureCredentials, ensureGateway, ensureLink } from '../enrol.ts';
import type { Home } from '../home.ts';
import { Anchorer, type RecordBatch } from './anchor.ts';
import { agentsOf, ensurePatient, ownerOf, type Patient } from './people.ts';
import type { BundleSource } from './sources.ts';

export interface ImportProgress {
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly anchored: number;
  readonly skipped: number;
}

export interface ImportReport {
  /** Entries of Bundles that this run anchored. */
  readonly anchored: number;
  /** Entries that were anchored before. */
  readonly skipped: number;
  /** Everybody in the input, new or known. */
  readonly patients: readonly Patient[];
  /** Practitioners and organisations in the input that hold a credential. */
  readonly credentials: number;
}

/**
 * Takes FHIR R4 Bundles into a custodian's domain: a wallet for each patient, with keys that the custodian holds and a link
 * that says so; a credential for each practitioner and organisation; every entry anchored as two salted commitments.
 *
 * Every step looks first whether it was done, so a second run, or one after a crash, does only what is missing.
 * Throws `input-invalid` for a file that is no Bundle, before anything of that file is sent, and what {@link send} throws.
 */
export async function importBundles(
  home: Home,
  custodian: Custodian,
  sources: readonly BundleSource[],
  onProgress: (progress: ImportProgress) => void = () => undefined,
): Promise<ImportReport> {
  await ensureGateway(home, custodian);
  const anchorer = new Anchorer(home, custodian);
  const patients = new Map<string, Patient>();
  const agents = new Set<string>();
  const totalBytes = sources.reduce((sum, { byteLength }) => sum + byteLength, 0);
  let doneBytes = 0;
  const counts = { anchored: 0, skipped: 0 };
  for (const source of sources) {
    const bundle = readBundle(await source.read(), source.file);
    const appointments = agentsOf(home, bundle).filter(({ agent }) => !agents.has(agent));
    await ensureCredentials(home, custodian, uniqueAgents(appointments));
    for (const { agent } of appointments) agents.add(agent);
    for (const { batch, patient } of batchesOf(home, custodian, bundle)) {
      if (patient !== undefined) {
        const { did } = patient.identity;
        await ensureLink(home, custodian, { did, chart: patient.key, keyHolder: 'custodian' });
        patients.set(patient.key, patient);
      }
      const { anchored, skipped } = await anchorer.anchor(batch);
      counts.anchored += anchored;
      counts.skipped += skipped;
    }
    doneBytes += source.byteLength;
    onProgress({ file: source.file, doneBytes, totalBytes, ...counts });
  }
  return { ...counts, patients: [...patients.values()], credentials: agents.size };
}

function uniqueAgents<T extends { readonly agent: string }>(appointments: readonly T[]): T[] {
  return [...new Map(appointments.map((appointment) => [appointment.agent, appointment])).values()];
}

/** The entries of a Bundle by whom they belong to, in the order of the file. */
function batchesOf(
  home: Home,
  custodian: Custodian,
  bundle: Bundle,
): { batch: RecordBatch; patient: Patient | undefined }[] {
  const owners = bundle.entries.filter(({ resource }) => resource.resourceType === 'Patient');
  const byOwner = Map.groupBy(bundle.entries, (entry) => ownerOf(owners, entry));
  return [...byOwner].map(([owner, entries]) => {
    const patient = owner === undefined ? undefined : ensurePatient(home, custodian.domain, bundle, owner);
    return { batch: { bundle, subject: patient?.identity.did, entries }, patient };
  });
}
