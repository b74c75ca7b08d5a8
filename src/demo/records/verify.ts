import { AssentError, present, toHex } from '../../base/index.ts';
import { verifyCommitment } from '../../crypto/portable.ts';
import {
  type BundleEntry,
  type CommittedForm,
  canonicalBody,
  canonicalDigest,
  clinicalDate,
  readBundle,
  sourceBody,
  sourceDigest,
  wrappingDigest,
} from '../../fhir/index.ts';
import type { Opening } from '../../vault/index.ts';
import type { Home } from '../home.ts';
import { bundleFile } from './sources.ts';

/** One entry of a Bundle in a file: `FILE#/entry/N`. */
export interface EntryReference {
  readonly path: string;
  readonly index: number;
}

/** An entry that is what was anchored. */
export interface VerifiedRecord {
  /** `fhir-source`: byte for byte. `fhir-canonical`: the same content, written anew. */
  readonly matched: CommittedForm;
  readonly resourceType: string;
  readonly date: string | undefined;
  readonly domain: string;
  /** DID of the subject; undefined for a record of the domain's own. */
  readonly subject: string | undefined;
  readonly eventId: string;
  /** Block and place of the transaction in it. */
  readonly height: number;
  readonly index: number;
  /** Block time: milliseconds since the Unix epoch. */
  readonly anchoredAt: number;
}

/** Reads `FILE#/entry/N`. Throws `usage`. */
export function parseEntryReference(text: string): EntryReference {
  const parts = /^(?<path>.+)#\/entry\/(?<index>0|[1-9]\d{0,6})$/.exec(text)?.groups;
  if (parts === undefined)
    throw new AssentError('usage', `"${text}" names no entry; write the file and the entry's number: FILE#/entry/3.`);
  return { path: present(parts['path'], 'a group'), index: Number(parts['index']) };
}

/**
 * Whether an entry of a file is what was anchored: its bytes, else its canonical form, under the opening that the keystore
 * holds, and that commitment under the entry's event on the ledger. Where the file and place are the anchored ones,
 * what surrounds the resource (fullUrl, request, meta …) must be the same as well.
 *
 * Throws `verification-failed` with what differs, `input-invalid` when the file cannot be read at all.
 */
export async function verifyRecord(home: Home, reference: EntryReference): Promise<VerifiedRecord> {
  const source = await bundleFile(reference.path);
  const { entry, identity } = parseEntry(await source.read(), source.file, reference);
  const match = matchingOpening(home, entry, identity);
  const { event = '', domain = '', subject } = match.opening.labels;
  const stream = subject === undefined ? home.ledger.domainRecords(domain) : home.ledger.entries('timeline', subject);
  const field = match.form === 'fhir-source' ? 'source' : 'canonical';
  for await (const { entry: item, height, index } of stream) {
    if (item['type'] !== 'record-anchored' || item['eventId'] !== event) continue;
    if (item[field] !== toHex(match.opening.commitment))
      throw failed('the ledger holds another commitment for this entry than the one that its opening fits');
    return {
      matched: match.form,
      resourceType: entry.resource.resourceType,
      date: clinicalDate(entry.resource.node)?.text,
      domain,
      subject,
      eventId: event,
      height,
      index,
      anchoredAt: Number(item['at']),
    };
  }
  throw failed('its commitment was prepared here, but the ledger does not hold it');
}

/** The entry that the reference names. What does not parse any more is not what was anchored. */
function parseEntry(
  bytes: Uint8Array,
  file: string,
  { index }: EntryReference,
): { entry: BundleEntry; identity: string } {
  try {
    const bundle = readBundle(bytes, file);
    const entry = bundle.entries[index];
    if (entry === undefined) throw failed(`${file} has no entry ${index}`);
    return { entry, identity: bundle.identity };
  } catch (thrown) {
    if (thrown instanceof AssentError && thrown.code === 'input-invalid')
      throw failed(thrown.message.replace(/\.$/, ''), thrown);
    throw thrown;
  }
}

interface Match {
  readonly form: CommittedForm;
  readonly opening: Opening;
}

function matchingOpening(home: Home, entry: BundleEntry, identity: string): Match {
  const labels = { kind: 'record', ledger: toHex(home.ledgerId) };
  const placed = [...home.keystore.openings({ ...labels, bundle: identity, pointer: `/entry/${entry.index}` })];
  if (placed.length > 0) return matchAmong(placed, entry) ?? differs(placed, entry);
  // Another file, or a Bundle that was put together anew: the content decides.
  const alike = [
    ...home.keystore.openings({ ...labels, digest: toHex(sourceDigest(entry)) }),
    ...home.keystore.openings({ ...labels, content: toHex(canonicalDigest(entry.resource)) }),
  ];
  const match =
    findBy('fhir-source', alike, sourceBody(entry)) ?? findBy('fhir-canonical', alike, canonicalBody(entry.resource));
  if (match === undefined) throw failed('no entry with these bytes or this content was anchored from this keystore');
  return match;
}

function matchAmong(placed: readonly Opening[], entry: BundleEntry): Match | undefined {
  const sameWrapping = placed.filter(({ labels }) => labels['wrapping'] === toHex(wrappingDigest(entry)));
  return (
    findBy('fhir-source', placed, sourceBody(entry)) ??
    findBy('fhir-canonical', sameWrapping, canonicalBody(entry.resource))
  );
}

function differs(placed: readonly Opening[], entry: BundleEntry): never {
  if (findBy('fhir-canonical', placed, canonicalBody(entry.resource)) !== undefined)
    throw failed('the resource is the same, but what surrounds it (fullUrl, request or meta) was changed');
  throw failed('its bytes and its content differ from what was anchored');
}

/** The newest opening of this form that the body fits. */
function findBy(form: CommittedForm, openings: readonly Opening[], body: Uint8Array): Match | undefined {
  const opening = openings.findLast(
    ({ labels, commitment, salt }) => labels['form'] === form && verifyCommitment(commitment, salt, body),
  );
  return opening === undefined ? undefined : { form, opening };
}

function failed(reason: string, cause?: unknown): AssentError {
  return new AssentError('verification-failed', `The entry does not verify: ${reason}.`, {}, { cause });
}
