import { readFileSync } from 'node:fs';
import { AssentError } from '../../base/index.ts';
import { type Consent, consentSchema, type Effect, normalizeConsent, type Refusal } from '../../decision/index.ts';

/** How a file's references become those of this ledger. */
export interface ReadOptions {
  readonly timeZone: string;
  readonly rootType?: Effect;
  /** Undefined refuses what names the reference. */
  readonly resolve: (reference: string) => string | undefined;
}

/** JSON of a file. Throws `usage`. */
export function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AssentError('usage', `${file} cannot be read as JSON: ${reason}`);
  }
}

export type ReadConsent =
  | { readonly ok: true; readonly consent: Consent }
  | { readonly ok: false; readonly errors: readonly Refusal[] };

/** A FHIR R4 Consent, or one in the form of `assent/decision`. Throws `usage` for what is neither. */
export function readConsent(file: string, options: ReadOptions): ReadConsent {
  const json = readJson(file);
  if ((json as { resourceType?: unknown } | null)?.resourceType !== undefined) return normalizeConsent(json, options);
  const checked = consentSchema.safeParse(json);
  if (checked.success) return { ok: true, consent: checked.data };
  const [issue] = checked.error.issues;
  throw new AssentError('usage', `${file} is no consent: ${issue?.path.join('.')}: ${issue?.message}.`);
}

/** A map of references to keys, DIDs or names. Throws `usage`. */
export function readMap(file: string | undefined): ReadonlyMap<string, string> {
  if (file === undefined) return new Map();
  const json = readJson(file);
  const entries = typeof json === 'object' && json !== null ? Object.entries(json) : [];
  if (entries.length === 0 || entries.some(([, value]) => typeof value !== 'string'))
    throw new AssentError('usage', `${file} is to map references to DIDs, keys, member:NAME or role:ROLE.`);
  return new Map(entries as [string, string][]);
}
