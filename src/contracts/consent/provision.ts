import { z } from 'zod';
import { decodeDid, encodeDid, PUBLIC_KEY_BYTES } from '../../crypto/portable.ts';
import type { PurposeOfUse } from '../../decision/index.ts';
import { commitment, type Period, period, type TextLeaf, textLeaf } from '../engine/leaves.ts';
import { type Action, actions, type Category, categories, type Role, roles } from '../tables/codes.ts';
import { purpose } from '../tables/purpose.ts';

/** An agent's key, every agent of a member, of one of its groups (`group:MEMBER/GROUP`), or in a role. */
export type Actor = Uint8Array | `member:${string}` | `group:${string}/${string}` | `role:${Role}`;

/**
 * One provision of a consent. Open clauses are for every voter to see and evaluate; what is sealed only the
 * custodian's gateway can open. Absent elements do not constrain; values of one element are OR-ed (docs/decision.md,
 * step 3).
 */
export interface Provision {
  readonly type: 'permit' | 'deny';
  readonly period?: Period;
  readonly actors?: readonly Actor[];
  readonly purposes?: readonly PurposeOfUse[];
  readonly actions?: readonly Action[];
  /** Salted commitment to the sealed clauses: labels, class, code, data reference, data period. */
  readonly sealed?: Uint8Array;
  /** Coarse categories in clear; only where the domain declares them open. */
  readonly categories?: readonly Category[];
}

const actorText =
  /^(did:assent:z[1-9A-HJ-NP-Za-km-z]+|member:[a-z0-9]([a-z0-9.-]*[a-z0-9])?|group:[a-z0-9]([a-z0-9.-]*[a-z0-9])?\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?|role:[a-z-]+)$/;

/** `group:` and two names. */
const actorTextMax = 135;

function isActor(input: unknown): input is Actor {
  if (input instanceof Uint8Array) return input.length === PUBLIC_KEY_BYTES;
  if (typeof input !== 'string' || input.length > actorTextMax || !actorText.test(input)) return false;
  return !input.startsWith('role:') || (roles as readonly string[]).includes(input.slice('role:'.length));
}

/** JSON: a DID, `member:NAME`, `group:MEMBER/GROUP` or `role:ROLE`. */
export function actor(): TextLeaf<Actor> {
  return textLeaf<Actor>(
    z.string().max(actorTextMax).regex(actorText),
    (input) => (isActor(input) ? undefined : 'expected a DID, member:NAME, group:MEMBER/GROUP or role:ROLE'),
    (text) => {
      const decoded = text.startsWith('did:') ? decodeDid(text) : text;
      return isActor(decoded) ? decoded : undefined;
    },
    (value) => (typeof value === 'string' ? value : encodeDid(value)),
    { isAscii: true },
  );
}

/** Inside one that comes before it: 0 is the root, from 1 on those nested. */
export interface NestedProvision extends Provision {
  readonly parent: number;
}

export const actorsMax = 24;
export const nestedMax = 16;
export const depthMax = 8;

const fields = {
  type: z.enum(['permit', 'deny']),
  period: period().exactOptional(),
  actors: z.array(actor()).min(1).max(actorsMax).exactOptional(),
  purposes: z.array(purpose()).min(1).max(16).exactOptional(),
  actions: z.array(z.enum(actions)).min(1).max(actions.length).exactOptional(),
  sealed: commitment().exactOptional(),
  categories: z.array(z.enum(categories)).min(1).max(categories.length).exactOptional(),
};

export const provision: z.ZodType<Provision> = z.strictObject(fields);

export const nestedProvisions: z.ZodType<readonly NestedProvision[]> = z
  .array(z.strictObject({ parent: z.int().min(0).max(nestedMax), ...fields }))
  .max(nestedMax);
