import { z } from 'zod';
import {
  didText,
  hashText,
  type JsonValue,
  jsonValue,
  nameText,
  type QueryInput,
  queryNumber,
  wholeNumber,
} from './primitives.ts';

/** An object whose members the contract defines: its JSON form, with bytes as hexadecimal and keys as DIDs. */
export type ContractObject = Readonly<Record<string, JsonValue>>;

/** One entry of a query index, with the place of the transaction that made it. */
export interface StreamEntry {
  readonly height: number;
  /** Place of the transaction in the block. */
  readonly index: number;
  /** What the contract noted, in its JSON form. */
  readonly entry: ContractObject;
}

/** In the order of the ledger, or the reverse. `next` is the cursor of the following page, absent at the end. */
export interface StreamPage {
  readonly entries: readonly StreamEntry[];
  readonly next?: string;
}

export interface SubjectParams {
  readonly did: string;
}

export interface StreamQuery {
  /** Where the previous page ended; absent for the first. */
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly order: 'oldest-first' | 'newest-first';
}

export const streamPageMax = 500;

/** One entry of a log with its RFC 9162 inclusion proof. */
export interface AccessProof {
  /** In the log, from 0. */
  readonly place: number;
  readonly height: number;
  /** Place of the transaction in the block. */
  readonly index: number;
  /** The entry's bytes, hexadecimal: the leaf. */
  readonly entry: string;
  /** Hexadecimal, from the leaf up. */
  readonly path: readonly string[];
}

/** Proofs against one state of the log: its size and root, as the ledger's state holds them after block `at`. */
export interface AccessProofPage {
  readonly subject: string;
  readonly at: number;
  readonly size: number;
  readonly root: string;
  readonly proofs: readonly AccessProof[];
}

export interface AccessProofQuery {
  /** Place of the first entry. */
  readonly from: number;
  readonly limit: number;
}

export const accessProofsMax = 100;

export interface DomainView {
  readonly name: string;
  readonly custodian: string;
  readonly policy: JsonValue;
}

export interface DomainList {
  readonly domains: readonly DomainView[];
}

export interface DomainParams {
  readonly name: string;
}

export interface LinkParams {
  readonly name: string;
  readonly did: string;
}

export interface RecordParams {
  /** Who anchored it. */
  readonly did: string;
  readonly eventId: string;
}

/** One anchored item, as the state holds it. */
export interface RecordView {
  readonly sender: string;
  readonly eventId: string;
  readonly record: ContractObject;
}

/** A subject as one domain knows it. */
export interface LinkView {
  readonly domain: string;
  readonly subject: string;
  readonly link: ContractObject;
}

export interface CredentialList {
  readonly agent: string;
  /** Not revoked, each with `inForce`: whether it counts now. */
  readonly credentials: readonly ContractObject[];
  /** Groups of organisations, each with `inForce`: whether the agent belongs to it now. */
  readonly groups: readonly ContractObject[];
}

/** 16 bytes, unique per sender for ever. */
export const eventIdText: z.ZodType<string, string> = z
  .string()
  .regex(/^[0-9a-f]{32}$/, 'expected 32 lower-case hexadecimal digits');

export const contractObject: z.ZodType<ContractObject, ContractObject> = z.record(z.string(), jsonValue);

export const didParams: z.ZodType<SubjectParams, SubjectParams> = z.strictObject({ did: didText });

export const streamQuery: z.ZodType<StreamQuery, QueryInput<StreamQuery>> = z.strictObject({
  cursor: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'expected the cursor of a previous page')
    .optional(),
  limit: queryNumber(1, streamPageMax).default(100),
  order: z.enum(['oldest-first', 'newest-first']).default('oldest-first'),
});

export const streamPage: z.ZodType<StreamPage, StreamPage> = z.object({
  entries: z.array(
    z.object({
      height: wholeNumber,
      index: wholeNumber,
      entry: contractObject,
    }),
  ),
  next: z.exactOptional(z.string()),
});

export const accessProofQuery: z.ZodType<AccessProofQuery, QueryInput<AccessProofQuery>> = z.strictObject({
  from: queryNumber(0, Number.MAX_SAFE_INTEGER).default(0),
  limit: queryNumber(1, accessProofsMax).default(1),
});

export const accessProofPage: z.ZodType<AccessProofPage, AccessProofPage> = z.object({
  subject: didText,
  at: wholeNumber,
  size: wholeNumber,
  root: hashText,
  proofs: z.array(
    z.object({
      place: wholeNumber,
      height: wholeNumber,
      index: wholeNumber,
      entry: z.string(),
      path: z.array(hashText),
    }),
  ),
});

export const domainView: z.ZodType<DomainView, DomainView> = z.object({
  name: nameText,
  custodian: nameText,
  policy: jsonValue,
});

export const domainList: z.ZodType<DomainList, DomainList> = z.object({ domains: z.array(domainView) });

export const domainParams: z.ZodType<DomainParams, DomainParams> = z.strictObject({ name: nameText });

export const linkParams: z.ZodType<LinkParams, LinkParams> = z.strictObject({ name: nameText, did: didText });

export const linkView: z.ZodType<LinkView, LinkView> = z.object({
  domain: nameText,
  subject: didText,
  link: contractObject,
});

export const recordParams: z.ZodType<RecordParams, RecordParams> = z.strictObject({
  did: didText,
  eventId: eventIdText,
});

export const recordView: z.ZodType<RecordView, RecordView> = z.object({
  sender: didText,
  eventId: eventIdText,
  record: contractObject,
});

export const credentialList: z.ZodType<CredentialList, CredentialList> = z.object({
  agent: didText,
  credentials: z.array(contractObject),
  groups: z.array(contractObject),
});
