import { z } from 'zod';
import { concatBytes } from '../../base/index.ts';
import { domainPrefix } from '../../crypto/portable.ts';
import type { RequestFacts } from '../decision/open-clauses.ts';
import { valueFromJson } from '../engine/catalogue.ts';
import { did, name, timestamp } from '../engine/leaves.ts';
import { wireCodec } from '../engine/wire.ts';
import { decodeCanonical, encodeCanonical } from '../ledger-types.ts';
import { actions, roles } from '../tables/codes.ts';
import { purposes } from '../tables/purposes.ts';

/** What an agent signs to ask a custodian for a subject's records. */
export interface AccessRequest extends RequestFacts {
  readonly subject: Uint8Array;
  readonly domain: string;
  /** The request may be used until then; at most a day ahead. */
  readonly validUntil: number;
}

const accessRequest = z.strictObject({
  agent: did(),
  role: z.enum(roles),
  /** The member whose credential the agent claims the role by. */
  organisation: name(),
  subject: did(),
  domain: name(),
  purpose: z.enum(purposes),
  action: z.enum(actions),
  validUntil: timestamp(),
});

const codec = wireCodec(accessRequest, 'request');
const prefix = domainPrefix('access-request');

export const accessRequestBytesMax = 512;
const requestLimits = { bytesMax: accessRequestBytesMax, depthMax: 1, countMax: 16 };

/** The bytes that travel, and that are signed. Takes the JSON form. @throws AssentError `transaction-payload-invalid`. */
export function encodeAccessRequest(json: unknown): Uint8Array {
  return encodeCanonical(codec.toWire(valueFromJson(accessRequest, json, 'access request')));
}

/** The request in these bytes. @throws AssentError when they are not canonical; undefined when they are no request. */
export function decodeAccessRequest(bytes: Uint8Array): AccessRequest | undefined {
  const decoded = codec.fromWire(decodeCanonical(bytes, requestLimits));
  return decoded.ok ? decoded.value : undefined;
}

/** What the agent signs: `"assent/access-request/v1" 0x00 ledgerId request` (protocol.md §1). */
export function accessRequestMessage(ledgerId: Uint8Array, request: Uint8Array): Uint8Array {
  return concatBytes(prefix, ledgerId, request);
}
