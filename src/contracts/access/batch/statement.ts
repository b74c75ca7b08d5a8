import { z } from 'zod';
import { HASH_BYTES, leafHash, MerkleFrontier } from '../../../crypto/portable.ts';
import type { ResultClaim } from '../../decision/decide.ts';
import { layeredEncoder } from '../../engine/layered-encoder.ts';
import { bytes } from '../../engine/leaves.ts';
import { wireCodec } from '../../engine/wire.ts';
import { decodeCanonical } from '../../ledger-types.ts';
import { type Category, categories } from '../../tables/codes.ts';
import { resultClaims } from '../claims.ts';
import { accessRequestDigests } from '../request.ts';
import type { AccessBatchContent } from './batch.ts';

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

/**
 * Spells out the entries of a batch, in its order: hands over each statement and its `asked`. The statement's bytes are
 * there until the next is made. Every asker that is named is in the list.
 */
export function eachStatement(
  batch: AccessBatchContent,
  use: (statement: Uint8Array, asked: Uint8Array) => void,
): void {
  const digestsOf = batch.askers.map((asker) => accessRequestDigests({ ...asker, domain: batch.domain }));
  for (const { asker, subject, results, category, inEmergencyCategory, items } of batch.accesses) {
    const digestOf = digestsOf[asker]?.(subject);
    if (digestOf === undefined) throw new RangeError('an access names an asker that the batch does not list');
    const encode = statements({ results, ...(category && { category }), inEmergencyCategory });
    for (const { eventId, resource, request } of items) {
      const asked = digestOf({ eventId, resource });
      use(encode({ asked, request }), asked);
    }
  }
}

/** What is known of a batch once its statements were made; they themselves are not kept. */
export interface BatchDigests {
  readonly size: number;
  /** RFC 9162 root over the statements. */
  readonly root: Uint8Array;
  /** Of entry n, from byte 32 n on, the hash of all that was asked: tells a retry from another content under the same event id. */
  readonly asked: Uint8Array;
}

export function batchDigests(batch: AccessBatchContent): BatchDigests {
  const size = batch.accesses.reduce((sum, { items }) => sum + items.length, 0);
  const all = new Uint8Array(size * HASH_BYTES);
  const tree = MerkleFrontier.empty();
  eachStatement(batch, (statement, asked) => {
    all.set(asked, tree.size * HASH_BYTES);
    tree.append(leafHash(statement));
  });
  return { size, root: tree.root(), asked: all };
}
