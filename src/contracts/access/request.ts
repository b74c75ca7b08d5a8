import { z } from 'zod';
import { concatBytes } from '../../base/index.ts';
import { domainPrefix, sha256 } from '../../crypto/portable.ts';
import type { RequestFacts } from '../decision/question.ts';
import { jsonSchemaOf, valueFromJson } from '../engine/catalogue.ts';
import { layeredEncoder } from '../engine/layered-encoder.ts';
import { commitment, did, eventId, name, timestamp } from '../engine/leaves.ts';
import { wireCodec } from '../engine/wire.ts';
import { decodeCanonical, encodeCanonical } from '../ledger-types.ts';
import { actions, roles } from '../tables/codes.ts';
import { purpose } from '../tables/purpose.ts';

/**
 * What an agent signs to ask a custodian for one record of a subject. Event and resource are its own words, so a
 * custodian can make of one request one entry and no other.
 */
export interface AccessRequest extends RequestFacts {
  readonly eventId: Uint8Array;
  readonly subject: Uint8Array;
  readonly domain: string;
  readonly resource: Uint8Array;
  /** The request may be used until then; at most a day ahead. */
  readonly validUntil: number;
}

const accessRequest: z.ZodObject & z.ZodType<AccessRequest> = z.strictObject({
  /** Unique for ever among the agent's. */
  eventId: eventId(),
  agent: did(),
  role: z.enum(roles),
  /** The member whose credential the agent claims the role by. */
  organisation: name(),
  subject: did(),
  domain: name(),
  /** Commitment to what is asked for, salted for this request alone; the custodian gets its opening. */
  resource: commitment(),
  purpose: purpose(),
  action: z.enum(actions),
  /** Name of a legal basis of the domain, where the access is not to stand on consent. */
  legalBasis: name().exactOptional(),
  validUntil: timestamp(),
});

const codec = wireCodec(accessRequest, 'request');
const prefix = domainPrefix('access-request');

export const accessRequestBytesMax = 512;
const requestLimits = { bytesMax: accessRequestBytesMax, depthMax: 1, countMax: 16 };

/** JSON schema (2020-12) of a request's JSON form. */
export function accessRequestJsonSchema(): Record<string, unknown> {
  return jsonSchemaOf(accessRequest);
}

/** The bytes that travel, and that are signed. Takes the JSON form. @throws AssentError `transaction-payload-invalid`. */
export function encodeAccessRequest(json: unknown): Uint8Array {
  return encodeCanonical(codec.toWire(valueFromJson(accessRequest, json, 'access request')));
}

/** Bytes as hexadecimal, keys as DIDs. */
export function accessRequestToJson(request: AccessRequest): Record<string, unknown> {
  return z.encode(accessRequest, { ...request });
}

/** The request in these bytes. @throws AssentError when they are not canonical; undefined when they are no request. */
export function decodeAccessRequest(bytes: Uint8Array): AccessRequest | undefined {
  const decoded = codec.fromWire(decodeCanonical(bytes, requestLimits));
  return decoded.ok ? decoded.value : undefined;
}

/** Hash of all that is asked, and not until when: an agent may sign the same anew after its time has passed. */
export function accessRequestDigest(request: AccessRequest): Uint8Array {
  return sha256(encodeCanonical(codec.toWire({ ...request, validUntil: 0 })));
}

const digests = layeredEncoder<AccessRequest, 'subject', 'eventId' | 'resource'>(accessRequest, 'request', {
  group: ['subject'],
  own: ['eventId', 'resource'],
});

/** {@link accessRequestDigest} of many requests of one agent: for one subject, then for each resource. */
export function accessRequestDigests(
  shared: Omit<AccessRequest, 'subject' | 'eventId' | 'resource' | 'validUntil'>,
): (subject: Uint8Array) => (asked: Pick<AccessRequest, 'eventId' | 'resource'>) => Uint8Array {
  const ofAgent = digests({ ...shared, validUntil: 0 });
  return (subject) => {
    const encode = ofAgent({ subject });
    return (asked) => sha256(encode(asked));
  };
}

/** What the agent signs: `"assent/access-request/v1" 0x00 ledgerId request` (protocol.md §1). */
export function accessRequestMessage(ledgerId: Uint8Array, request: Uint8Array): Uint8Array {
  return concatBytes(prefix, ledgerId, request);
}
