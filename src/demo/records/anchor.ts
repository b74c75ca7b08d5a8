import { AssentError, toHex } from '../../base/index.ts';
import type { SignedTransaction } from '../../client/index.ts';
import { anchorItemsMax } from '../../contracts/index.ts';
import {
  type Bundle,
  type BundleEntry,
  canonicalDigest,
  commitEntry,
  sourceDigest,
  titleOf,
  wrappingDigest,
} from '../../fhir/index.ts';
import type { Opening } from '../../vault/index.ts';
import type { Custodian } from '../enrol.ts';
import { eventNamer, type Home, sendAll, sign } from '../home.ts';

/** Entries of one Bundle that belong to one subject, or to none. */
export interface RecordBatch {
  readonly bundle: Bundle;
  /** DID of the subject in the custodian's domain. */
  readonly subject: string | undefined;
  readonly entries: readonly BundleEntry[];
}

interface Anchored {
  readonly anchored: number;
  readonly skipped: number;
}

/** What a keystore says of an entry that was committed to before. */
interface Commitments {
  source?: string;
  canonical?: string;
}

/**
 * Anchors entries as salted commitments, each once for ever: an entry that the ledger has is left out, and one whose
 * openings were kept but whose transaction did not come through goes out again under the same commitments.
 */
export class Anchorer {
  readonly #home: Home;
  readonly #custodian: Custodian;
  readonly #nameEvent: (...parts: readonly string[]) => string;
  /** Event ids that the ledger has, by subject; by '' for the domain's own. */
  readonly #onLedger = new Map<string, Set<string>>();
  #kept: Map<string, Commitments> | undefined;

  constructor(home: Home, custodian: Custodian) {
    this.#home = home;
    this.#custodian = custodian;
    this.#nameEvent = eventNamer(home);
  }

  async anchor(batch: RecordBatch): Promise<Anchored> {
    const onLedger = await this.#eventsOnLedger(batch.subject);
    const open: { entry: BundleEntry; event: string }[] = [];
    const seen = new Set(onLedger);
    for (const entry of batch.entries) {
      const event = this.#eventOf(batch.bundle, entry);
      if (!seen.has(event)) open.push({ entry, event });
      seen.add(event);
    }
    const items = open.map(({ entry, event }) => this.#itemOf(batch, entry, event));
    // Before anything is sent: a commitment on the ledger whose opening was lost says nothing to anyone.
    this.#home.keystore.appendOpenings(items.flatMap(({ openings }) => openings));
    const counts = await this.#submit(
      batch.subject,
      items.map(({ item }) => item),
    );
    this.#onLedger.set(batch.subject ?? '', seen);
    return { anchored: counts.anchored, skipped: batch.entries.length - open.length + counts.skipped };
  }

  /** The same place of the same Bundle with the same bytes is the same event. */
  #eventOf(bundle: Bundle, entry: BundleEntry): string {
    const place = entry.fullUrl ?? `/entry/${entry.index}`;
    return this.#nameEvent('record', this.#custodian.domain, bundle.identity, place, toHex(sourceDigest(entry)));
  }

  async #eventsOnLedger(subject: string | undefined): Promise<Set<string>> {
    const known = this.#onLedger.get(subject ?? '');
    if (known !== undefined) return known;
    const { ledger } = this.#home;
    const stream =
      subject === undefined ? ledger.domainRecords(this.#custodian.domain) : ledger.entries('timeline', subject);
    const events = new Set<string>();
    for await (const { entry } of stream) if (entry['type'] === 'record-anchored') events.add(String(entry['eventId']));
    this.#onLedger.set(subject ?? '', events);
    return events;
  }

  #itemOf(batch: RecordBatch, entry: BundleEntry, event: string): { item: object; openings: Opening[] } {
    const kept = this.#keptCommitments().get(event);
    if (kept?.source !== undefined && kept.canonical !== undefined)
      return { item: { eventId: event, source: kept.source, canonical: kept.canonical }, openings: [] };
    const { source, canonical } = commitEntry(entry, this.#home.random);
    const labels = this.#labelsOf(batch, entry, event);
    return {
      item: { eventId: event, source: toHex(source.commitment), canonical: toHex(canonical.commitment) },
      openings: [source, canonical].map(({ form, commitment, salt, body }) => {
        return { commitment, salt, body, labels: { ...labels, form } };
      }),
    };
  }

  /** What finds the opening again, and describes it to the person; none of it leaves the keystore. */
  #labelsOf({ bundle, subject }: RecordBatch, entry: BundleEntry, event: string): Record<string, string> {
    const title = titleOf(entry.resource.node);
    return {
      kind: 'record',
      ledger: toHex(this.#home.ledgerId),
      domain: this.#custodian.domain,
      gateway: this.#custodian.gateway.did,
      event,
      bundle: bundle.identity,
      file: bundle.file,
      pointer: `/entry/${entry.index}`,
      digest: toHex(sourceDigest(entry)),
      content: toHex(canonicalDigest(entry.resource)),
      wrapping: toHex(wrappingDigest(entry)),
      ...(subject === undefined ? {} : { subject }),
      ...(title === undefined ? {} : { title }),
    };
  }

  /** Commitments of earlier runs, looked for only when there is something to anchor. */
  #keptCommitments(): Map<string, Commitments> {
    if (this.#kept !== undefined) return this.#kept;
    const kept = new Map<string, Commitments>();
    for (const { commitment, labels } of this.#home.keystore.openings({
      kind: 'record',
      ledger: toHex(this.#home.ledgerId),
    })) {
      const { event = '', form } = labels;
      const commitments = kept.get(event) ?? {};
      commitments[form === 'fhir-source' ? 'source' : 'canonical'] = toHex(commitment);
      kept.set(event, commitments);
    }
    this.#kept = kept;
    return kept;
  }

  async #submit(subject: string | undefined, items: readonly object[]): Promise<Anchored> {
    const { domain, gateway } = this.#custodian;
    const transactions: SignedTransaction[] = [];
    for (let start = 0; start < items.length; start += anchorItemsMax) {
      const some = items.slice(start, start + anchorItemsMax);
      const payload = { domain, items: some, ...(subject === undefined ? {} : { subject }) };
      transactions.push(sign(this.#home, gateway, 'record.anchor', payload));
    }
    const total = { anchored: 0, skipped: 0 };
    for (const { result } of await sendAll(this.#home, transactions)) {
      const output = result.output as { anchored: number; skipped: number; conflicting: number };
      if (output.conflicting > 0)
        throw new AssentError('verification-failed', 'The ledger holds other commitments for the same entries.', {
          entries: output.conflicting,
        });
      total.anchored += output.anchored;
      total.skipped += output.skipped;
    }
    return total;
  }
}
