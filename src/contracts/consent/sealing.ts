import { z } from 'zod';
import { AssentError, fromHex, present, toHex } from '../../base/index.ts';
import { commit, verifyCommitment } from '../../crypto/portable.ts';
import type { Consent, Provision } from '../../decision/index.ts';
import { wireCodec } from '../engine/wire.ts';
import { decodeCanonical, encodeCanonical } from '../ledger-types.ts';

/** The data clauses of a provision: what everyone must not see. */
export type SealedScope = Pick<Provision, 'labels' | 'dataPeriod' | 'data' | 'classes' | 'codes'>;

const text = z.string().min(1).max(512);
const texts = z.array(text).min(1).max(256);
const moment = z.int();

const sealedScope = z.strictObject({
  labels: z
    .strictObject({ confidentiality: z.array(z.string().max(8)).max(8), sensitivity: z.array(text).max(64) })
    .exactOptional(),
  dataPeriod: z.strictObject({ from: moment.exactOptional(), until: moment.exactOptional() }).exactOptional(),
  data: z
    .array(z.strictObject({ meaning: z.enum(['instance', 'related', 'dependents', 'authoredby']), reference: text }))
    .min(1)
    .max(256)
    .exactOptional(),
  classes: texts.exactOptional(),
  codes: texts.exactOptional(),
});

const codec = wireCodec(sealedScope, 'scope');
const kind = 'consent-scope';

/** What opens the commitment to a provision's data clauses. */
export interface ScopeOpening {
  readonly commitment: Uint8Array;
  readonly salt: Uint8Array;
  /** Canonical bytes of `["consent-scope", 1, labels, dataPeriod, data, classes, codes]`. */
  readonly body: Uint8Array;
}

/** A provision as `consent.grant` takes it, in JSON form. */
export interface ProvisionJson {
  readonly type: 'permit' | 'deny';
  readonly period?: { readonly from?: number; readonly until?: number };
  readonly actors?: readonly string[];
  readonly purposes?: readonly string[];
  readonly actions?: readonly string[];
  /** Hexadecimal. */
  readonly sealed?: string;
  readonly categories?: readonly string[];
}

export interface ProvisionTreeJson {
  readonly provision: ProvisionJson;
  readonly nested: readonly (ProvisionJson & { readonly parent: number })[];
}

/**
 * The provisions as the ledger takes them, every data scope in a commitment under a salt of its own, and what opens them.
 * Actors are DIDs, `member:NAME`, `group:MEMBER/NAME` or `role:ROLE`.
 */
export function sealProvisions(
  root: Provision,
  freshSalt: () => Uint8Array,
): ProvisionTreeJson & { readonly openings: readonly ScopeOpening[] } {
  const openings: ScopeOpening[] = [];
  const nested: (ProvisionJson & { parent: number })[] = [];
  const seal = (provision: Provision): ProvisionJson => {
    const { labels, dataPeriod, data, classes, codes, provisions: _, ...open } = provision;
    const scope = withoutAbsent({ labels, dataPeriod, data, classes, codes });
    if (Object.keys(scope).length === 0) return open;
    const salt = freshSalt();
    const body = encodeCanonical([kind, ...codec.toWire(scope as z.output<typeof sealedScope>)]);
    const commitment = commit(salt, body);
    openings.push({ commitment, salt, body });
    return { ...open, sealed: toHex(commitment) };
  };
  const addInner = ({ provisions = [] }: Provision, parent: number): void => {
    for (const inner of provisions) {
      nested.push({ parent, ...seal(inner) });
      addInner(inner, nested.length);
    }
  };
  const provision = seal(root);
  addInner(root, 0);
  return { provision, nested, openings };
}

/**
 * The consent with its data clauses, for who can open all of them; undefined where an opening is missing.
 * @throws AssentError `commitment-mismatch` for an opening that opens something else.
 */
export function openConsent(
  sealed: ProvisionTreeJson & { readonly id: string; readonly version: number; readonly subject: string },
  openingOf: (commitmentHex: string) => Pick<ScopeOpening, 'salt' | 'body'> | undefined,
): Consent | undefined {
  const { id, version, subject, provision, nested } = sealed;
  const all: (Provision & { provisions: Provision[] })[] = [];
  for (const { parent, ...one } of [{ parent: undefined, ...provision }, ...nested]) {
    const opened = openProvision(one, openingOf);
    if (opened === undefined) return undefined;
    if (parent !== undefined) present(all[parent], 'a rule checked that it comes before').provisions.push(opened);
    all.push(opened);
  }
  return { id, version: `${version}`, subject, provision: present(all[0], 'the root') };
}

function openProvision(
  { sealed, ...open }: ProvisionJson,
  openingOf: (commitmentHex: string) => Pick<ScopeOpening, 'salt' | 'body'> | undefined,
): (Provision & { provisions: Provision[] }) | undefined {
  const target = open as Omit<Provision, 'provisions'>;
  if (sealed === undefined) return { ...target, provisions: [] };
  const opening = openingOf(sealed);
  if (opening === undefined) return undefined;
  return { ...target, ...openScope(sealed, opening), provisions: [] };
}

function openScope(commitmentHex: string, { salt, body }: Pick<ScopeOpening, 'salt' | 'body'>): SealedScope {
  const commitment = fromHex(commitmentHex);
  if (commitment === undefined || !verifyCommitment(commitment, salt, body))
    throw new AssentError('commitment-mismatch', `What is to open ${commitmentHex} opens something else.`);
  const wire = decodeCanonical(body);
  const decoded = codec.fromWire(Array.isArray(wire) && wire[0] === kind ? wire.slice(1) : []);
  if (!decoded.ok) throw new AssentError('commitment-mismatch', `${commitmentHex} commits to no data clauses.`);
  return decoded.value as SealedScope;
}

function withoutAbsent<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Partial<T>;
}
