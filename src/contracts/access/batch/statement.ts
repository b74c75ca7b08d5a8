import { z } from 'zod';
import type { ResultClaim } from '../../decision/decide.ts';
import { layeredEncoder } from '../../engine/layered-encoder.ts';
import { bytes } from '../../engine/leaves.ts';
import { wireCodec } from '../../engine/wire.ts';
import { decodeCanonical } from '../../ledger-types.ts';
import { type Category, categories } from '../../tables/codes.ts';
import { resultClaims } from '../claims.ts';
import { accessRequestDigests } from '../request.ts';
import type { AccessBatchContent, BatchAccess, BatchItem } from './batch.ts';

/**
 * What the gateway says of one access: a leaf under the root that it signs. Canonical bytes `[1, asked, request, results,
 * category | nil, inEmergencyCategory]`.
 */
export interface AccessStatement {
  /** Hash of all that was asked, and not until when (`accessRequestDigest`). */
  readonly asked: Uint8Array;
  /** SHA-256 of the request, as the agent signed it. */
  readonly request: Uint8Array;
  readonly results: readonly ResultClaim[];
  readonly category?: Category;
  readonly inEmergencyCategory: boolean;
}

const schema: z.ZodObject & z.ZodType<AccessStatement> = z.strictObject({
  asked: bytes(32),
  request: bytes(32),
  results: resultClaims,
  category: z.enum(categories).exactOptional(),
  inEmergencyCategory: z.boolean(),
});
const codec = wireCodec(schema, 'statement');
const statements = layeredEncoder<AccessStatement, 'results' | 'category' | 'inEmergencyCategory', 'asked' | 'request'>(
  schema,
  'statement',
  { group: ['results', 'category', 'inEmergencyCategory'], own: ['asked', 'request'] },
)({});

/** Undefined for bytes that are none. @throws AssentError when they are not canonical. */
export function decodeAccessStatement(bytes: Uint8Array): AccessStatement | undefined {
  const result = codec.fromWire(decodeCanonical(bytes));
  return result.ok ? result.value : undefined;
}

/** One entry of a batch, spelt out. */
export interface BatchEntry {
  readonly access: BatchAccess;
  readonly item: BatchItem;
  /** Hash of all that was asked: tells a retry from another content under the same event id. */
  readonly asked: Uint8Array;
  readonly statement: Uint8Array;
}

/** The entries in the order of the batch. Every asker that is named is in the list. */
export function entriesOf(batch: AccessBatchContent): BatchEntry[] {
  const digestsOf = batch.askers.map((asker) => accessRequestDigests({ ...asker, domain: batch.domain }));
  return batch.accesses.flatMap((access) => {
    const { subject, results, category, inEmergencyCategory } = access;
    const digestOf = digestsOf[access.asker]?.(subject);
    if (digestOf === undefined) throw new RangeError('an access names an asker that the batch does not list');
    const encode = statements({ results, ...(category && { category }), inEmergencyCategory });
    return access.items.map((item): BatchEntry => {
      const { eventId, resource, request } = item;
      const asked = digestOf({ eventId, resource });
      return { access, item, asked, statement: encode({ asked, request }) };
    });
  });
}
