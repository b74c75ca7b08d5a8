import { present, toHex } from '../../base/index.ts';
import type { AccessBatch } from '../access/batch/batch.ts';
import { entryRefusals } from '../access/batch/refusals.ts';
import { decodeAccessRequest } from '../access/request.ts';
import { builtInContracts } from '../built-in.ts';
import { consentOf } from '../consent/state.ts';
import { issued } from '../credential/state.ts';
import type { CanonicalValue, StateView } from '../ledger-types.ts';

/** What a row can be found by, beside its kind. DIDs and ids as lower-case hexadecimal, organisations by name. */
export interface FacetNames {
  readonly subjects: readonly string[];
  readonly agents: readonly string[];
  /** Domains and members: an organisation is found by either name. */
  readonly organisations: readonly string[];
  readonly consents: readonly string[];
}

/** A transaction as an index shows it; of a batch of accesses, one access. */
export interface FacetRow {
  readonly names: FacetNames;
  /** Of an access that was decided: the decision, and the entry's place in the subject's log. */
  readonly access?: { readonly decision: string; readonly entry: number };
}

export interface FacetSource {
  readonly id: Uint8Array;
  readonly kind: string;
  readonly sender: Uint8Array;
  readonly payload: CanonicalValue;
}

export type FacetResult = { readonly ok: true; readonly output: CanonicalValue } | { readonly ok: false };

type Names = { readonly [Facet in keyof FacetNames]: Set<string> };
type Fields = Readonly<Record<string, unknown>>;

/** Which fields of a payload name what, in whatever kind. */
const fields: { readonly [Facet in keyof FacetNames]: readonly string[] } = {
  subjects: ['subject', 'surviving', 'absorbed'],
  agents: ['agent', 'delegate', 'anchoredBy'],
  organisations: ['domain', 'organisation', 'member'],
  consents: ['consent', 'supersedes'],
};

/** Kinds whose sender is the person that it is about, unless the payload names one. */
const ownKinds: ReadonlySet<string> = new Set([
  'consent.grant',
  'consent.refuse',
  'consent.supersede',
  'enrolment.agreeToMerge',
  'identity.rotate',
  'identity.setGuardians',
  'identity.vetoRecovery',
  'identity.deactivate',
  'identity.addDelegate',
  'identity.removeDelegate',
]);

/**
 * What an executed transaction can be found by: one row, or of `access.recordBatch` one for each access, in the order of
 * the batch. It follows from the transaction, its result, and what the state says for ever of a consent or a credential
 * that it names by its id; without a state, these stay out. A refused transaction proves nothing of what it says about
 * others: it is its sender's alone.
 */
export function facetRows(transaction: FacetSource, result: FacetResult, state?: StateView): readonly FacetRow[] {
  const sender = toHex(transaction.sender);
  const kind = builtInContracts.kind(transaction.kind);
  const decoded = result.ok ? kind?.payloadCodec.fromWire(transaction.payload) : undefined;
  if (!result.ok || kind === undefined || decoded?.ok !== true) return [{ names: listed(begin(sender)) }];
  const payload = decoded.value as Fields;
  const output = outputOf(kind.outputCodec?.fromWire(result.output));
  if (transaction.kind === 'access.recordBatch') return batchRows(sender, payload as unknown as AccessBatch, output);
  const names = begin(sender);
  const said = transaction.kind === 'access.record' ? { ...payload, ...requestIn(payload) } : payload;
  take(names, said);
  takeIds(
    names.consents,
    (said['results'] as readonly { consent: Uint8Array }[] | undefined)?.map((one) => one.consent),
  );
  takeIds(names.consents, output['determining'] as readonly Uint8Array[] | undefined);
  if (output['consent'] instanceof Uint8Array) names.consents.add(toHex(output['consent']));
  if (
    ownKinds.has(transaction.kind) &&
    (said['subject'] === undefined || transaction.kind === 'enrolment.agreeToMerge')
  )
    names.subjects.add(sender);
  if (state !== undefined) lookUp(names, transaction, said, state);
  const { decision, entry } = output;
  if (typeof decision !== 'string' || typeof entry !== 'number') return [{ names: listed(names) }];
  return [{ names: listed(names), access: { decision, entry } }];
}

/** What is not recorded of a batch says nothing about its agent and its subject either. Rows of one access share names. */
function batchRows(sender: string, { domain, askers, accesses }: AccessBatch, output: Fields): FacetRow[] {
  const outcomes = output['outcomes'] as readonly string[];
  const entries = output['entries'] as readonly number[];
  const namesOf = (said: Fields): FacetNames => {
    const names = begin(sender);
    names.organisations.add(domain);
    take(names, said);
    return listed(names);
  };
  const bare = namesOf({});
  const askerNames = askers.map((asker) => namesOf({ ...asker }));
  const rows: FacetRow[] = [];
  for (const { asker, subject, results, items } of accesses) {
    const names = {
      ...present(askerNames[asker], 'a rule checked that the asker is listed'),
      subjects: [toHex(subject)],
      consents: [...new Set(results.map(({ consent }) => toHex(consent)))],
    };
    for (const _ of items) {
      const decision = present(outcomes[rows.length], 'a batch has an outcome for each entry');
      const entry = present(entries[rows.length], 'a batch has a place for each entry');
      rows.push(refusals.has(decision) ? { names: bare } : { names, access: { decision, entry } });
    }
  }
  return rows;
}

const refusals: ReadonlySet<string> = new Set(entryRefusals);

function requestIn(payload: Fields): Fields {
  return { ...present(decodeAccessRequest(payload['request'] as Uint8Array), 'a rule checked the request') };
}

/** What the state says of ids that the payload names: neither is ever removed, nor made another's. */
function lookUp(names: Names, { id, kind }: FacetSource, { consent, credential }: Fields, state: StateView): void {
  const known = consent instanceof Uint8Array ? consentOf(state, consent) : undefined;
  if (known !== undefined) take(names, { subject: known.subject, domain: known.domain });
  const named = kind === 'credential.issue' ? id : credential;
  const given = named instanceof Uint8Array ? issued.get(state, toHex(named)) : undefined;
  if (given !== undefined) take(names, { agent: given.agent, organisation: given.organisation });
}

function begin(sender: string): Names {
  return { subjects: new Set(), agents: new Set([sender]), organisations: new Set(), consents: new Set() };
}

function take(names: Names, said: Fields): void {
  for (const facet of Object.keys(fields) as (keyof FacetNames)[])
    for (const field of fields[facet]) {
      const value = said[field];
      if (value instanceof Uint8Array) names[facet].add(toHex(value));
      else if (typeof value === 'string') names[facet].add(value);
    }
}

function takeIds(into: Set<string>, ids: readonly Uint8Array[] = []): void {
  for (const id of ids) into.add(toHex(id));
}

function listed({ subjects, agents, organisations, consents }: Names): FacetNames {
  return {
    subjects: [...subjects],
    agents: [...agents],
    organisations: [...organisations],
    consents: [...consents],
  };
}

function outputOf(decoded: { readonly ok: boolean; readonly value?: unknown } | undefined): Fields {
  return decoded?.ok === true ? (decoded.value as Fields) : {};
}
