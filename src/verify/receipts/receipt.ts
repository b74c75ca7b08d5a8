import { AssentError, messageOf } from '../../base/index.ts';
import { HASH_BYTES, sha256 } from '../../crypto/portable.ts';
import { decodeCanonical, encodeCanonical, ledgerLimits, type StateLeaf } from '../../ledger/portable.ts';
import { type HistoryStep, historyLinksMax, historyStepsMax } from '../configuration-history.ts';
import { type Cosignature, cosignatureField } from './cosignature.ts';
import { bytes, count, exactly, type Field, list, malformed, optional, record, text } from './fields.ts';
import { parseJson } from './json.ts';

/** The most bytes of a receipt: 8 MiB; its JSON form may have four times as many characters. */
export const receiptBytesMax: number = 8 * 1024 * 1024;
export const receiptTextCharactersMax: number = 4 * receiptBytesMax;
/** The most entries of an access log in one receipt. */
export const receiptEntriesMax = 10_000;

const format = 'assent-receipt';
const version = 1;
/** A path in a tree of 2^53 leaves; the paths of ranges and of consistency have twice as many hashes. */
const pathMax = 53;
const headerBytesMax = 1024;
const certificateBytesMax = 16_384;
const configurationBytesMax = 64 * (ledgerLimits.configurationNodesMax + 1);
const siblingsMax = 256;
/** The most cosignatures of one checkpoint: as many as a ledger has members. */
export const cosignaturesMax = 256;

export const receiptKinds = ['transaction', 'state', 'consistency', 'access-log', 'checkpoint'] as const;
export type ReceiptKind = (typeof receiptKinds)[number];

/** A block below the head, and its path in the head's `historyRoot`. */
export interface BlockBelow {
  readonly header: Uint8Array;
  readonly path: readonly Uint8Array[];
}

/** Where the receipt begins when it is made for whoever has pinned a checkpoint below the head. */
export interface CheckpointLink {
  /** The header of the checkpoint. */
  readonly header: Uint8Array;
  /** The configuration in force after it. */
  readonly configuration: Uint8Array;
  /** Of its hash in the head's `historyRoot`. */
  readonly path: readonly Uint8Array[];
}

/** The newest block of the receipt: all that it says is proved by this one's certificate. */
export interface Head {
  readonly header: Uint8Array;
  /** Undefined: the head is the very checkpoint that the verifier has pinned. */
  readonly certificate: Uint8Array | undefined;
}

/** What receipts of all kinds have in common. */
export interface ReceiptFrame {
  /** The ledger's genesis, whose hash is the ledger id. */
  readonly genesis: Uint8Array;
  readonly checkpoint: CheckpointLink | undefined;
  /** The changes of the configuration from genesis, or from the checkpoint, to the head. */
  readonly configurations: readonly HistoryStep[];
  readonly head: Head;
  /** The block that the content is of; undefined when it is the head itself. */
  readonly block: BlockBelow | undefined;
}

export interface TransactionContent {
  /** Place in the block, from 0. */
  readonly index: number;
  /** The signed bytes. */
  readonly transaction: Uint8Array;
  /** In `transactionsRoot`. */
  readonly transactionPath: readonly Uint8Array[];
  readonly result: Uint8Array;
  /** In `resultsRoot`. */
  readonly resultPath: readonly Uint8Array[];
}

export interface StateContent {
  readonly key: string;
  /** Undefined: nothing is there. */
  readonly value: Uint8Array | undefined;
  readonly siblings: readonly (Uint8Array | undefined)[];
  readonly other: StateLeaf | undefined;
}

export interface ConsistencyContent {
  /** Header of the older block. */
  readonly older: Uint8Array;
  /** Of its hash in the block's `historyRoot`. */
  readonly inclusionPath: readonly Uint8Array[];
  /** RFC 9162 proof that the older `historyRoot` is a prefix of the block's. */
  readonly consistencyPath: readonly Uint8Array[];
}

export interface AccessLogContent {
  /** The subject's inception key. */
  readonly subject: Uint8Array;
  /** Entries of blocks from this time on are complete: 0, or a millisecond after the entry before the range. */
  readonly from: number;
  /** Up to this time, exclusive: that of the entry after the range; undefined where the range ends with the log. */
  readonly to: number | undefined;
  /** Size, root and peaks of the log as they stand in the state; undefined while it is empty. */
  readonly log: Uint8Array | undefined;
  readonly siblings: readonly (Uint8Array | undefined)[];
  readonly other: StateLeaf | undefined;
  /** Place of the first entry that follows. */
  readonly first: number;
  /** The range, with the entry before it and the one after it where the log has them. */
  readonly entries: readonly Uint8Array[];
  /** Of all these entries in the log's root. */
  readonly rangePath: readonly Uint8Array[];
}

/** The block itself, and who cosigned it. */
export interface CheckpointContent {
  /** By strictly ascending keys. */
  readonly cosignatures: readonly Cosignature[];
}

/** What each kind has besides the frame. */
export interface ReceiptContents {
  readonly transaction: TransactionContent;
  readonly state: StateContent;
  readonly consistency: ConsistencyContent;
  readonly 'access-log': AccessLogContent;
  readonly checkpoint: CheckpointContent;
}

export type ReceiptOf<Kind extends ReceiptKind> = ReceiptFrame & {
  readonly kind: Kind;
  readonly content: ReceiptContents[Kind];
};

export type Receipt = { readonly [Kind in ReceiptKind]: ReceiptOf<Kind> }[ReceiptKind];

/** As it was read: whether the digest is that of the content nobody has looked at. */
export type OpenedReceipt = Receipt & { readonly digest: Uint8Array };

/** The head of a byte string of 32 bytes, and these. */
const digestFieldBytes = 2 + HASH_BYTES;

const hash = bytes(HASH_BYTES, HASH_BYTES);
const path = list(hash, pathMax);
const header = bytes(1, headerBytesMax);
const certificate = bytes(1, certificateBytesMax);
const siblings = list(optional(hash), siblingsMax);
const other: Field<StateLeaf | undefined> = optional(record<StateLeaf>({ keyHash: hash, valueHash: hash }));
const stateValue = bytes(1, ledgerLimits.stateValueBytesMax);

const step: Field<HistoryStep> = record<HistoryStep>({
  header,
  justification: bytes(1, ledgerLimits.justificationBytesMax),
  links: list(header, historyLinksMax),
  certificate,
});

const contents: { readonly [Kind in ReceiptKind]: Field<ReceiptContents[Kind]> } = {
  transaction: record<TransactionContent>({
    index: count,
    transaction: bytes(1, ledgerLimits.largeTransactionBytesMax),
    transactionPath: path,
    result: bytes(1, ledgerLimits.stateValueBytesMax),
    resultPath: path,
  }),
  state: record<StateContent>({
    key: text(ledgerLimits.stateKeyCharactersMax),
    value: optional(stateValue),
    siblings,
    other,
  }),
  consistency: record<ConsistencyContent>({
    older: header,
    inclusionPath: path,
    consistencyPath: list(hash, 2 * pathMax),
  }),
  'access-log': record<AccessLogContent>({
    subject: hash,
    from: count,
    to: optional(count),
    log: optional(stateValue),
    siblings,
    other,
    first: count,
    entries: list(bytes(1, ledgerLimits.largeTransactionBytesMax), receiptEntriesMax + 2),
    rangePath: list(hash, 2 * pathMax),
  }),
  checkpoint: record<CheckpointContent>({ cosignatures: list(cosignatureField, cosignaturesMax) }),
};

/** The whole, as it stands in both forms: `[version, format, kind, genesis, …, content]`. */
interface Whole<Kind extends ReceiptKind> extends ReceiptFrame {
  readonly version: typeof version;
  readonly format: typeof format;
  readonly kind: Kind;
  readonly content: ReceiptContents[Kind];
  /** Of all that stands before it in the binary form. */
  readonly digest: Uint8Array;
}

function wholeOf<Kind extends ReceiptKind>(kind: Kind): Field<Whole<Kind>> {
  return record<Whole<Kind>>({
    version: exactly(version),
    format: exactly(format),
    kind: exactly(kind) as Field<Kind>,
    genesis: bytes(1, ledgerLimits.genesisBytesMax),
    checkpoint: optional(record<CheckpointLink>({ header, configuration: bytes(1, configurationBytesMax), path })),
    configurations: list(step, historyStepsMax),
    head: record<Head>({ header, certificate: optional(certificate) }),
    block: optional(record<BlockBelow>({ header, path })),
    content: contents[kind],
    digest: hash,
  });
}

// Kind and content are paired by `wholeOf`.
const wholes = new Map(receiptKinds.map((kind) => [kind as unknown, wholeOf(kind) as Field<Whole<ReceiptKind>>]));

const wireLimits = { bytesMax: receiptBytesMax, depthMax: 4, countMax: 600_000 };
const kindPlace = 2;

/** Canonical bytes `[1, "assent-receipt", kind, genesis, checkpoint, [step, …], head, block, content, digest]`. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  const whole = { ...receipt, version, format, digest: new Uint8Array(HASH_BYTES) } as const;
  const encoded = encodeCanonical(fieldOf(receipt.kind).toWire(whole));
  if (encoded.length > receiptBytesMax) throw tooLarge();
  encoded.set(sha256(encoded.subarray(0, -digestFieldBytes)), encoded.length - HASH_BYTES);
  return encoded;
}

/**
 * SHA-256 of the binary form up to the digest. It is for damage on the way only: a receipt with another key, say, can be
 * as true, and is still not the one that was made.
 */
export function digestOf(receipt: Receipt): Uint8Array {
  return encodeReceipt(receipt).slice(-HASH_BYTES);
}

/** Strict inverse of {@link encodeReceipt}; nothing is verified. Throws `receipt-malformed` or `receipt-too-large`. */
export function decodeReceipt(encoded: Uint8Array): OpenedReceipt {
  if (encoded.length > receiptBytesMax) throw tooLarge();
  const wire = readAs(() => decodeCanonical(encoded, wireLimits));
  const kind = Array.isArray(wire) ? wire[kindPlace] : undefined;
  return withoutFrame(fieldOf(kind).fromWire(wire));
}

/** The same content as a JSON object, bytes as hexadecimal. */
export function receiptToJson(receipt: Receipt): object {
  return fieldOf(receipt.kind).toJson({ ...receipt, version, format, digest: digestOf(receipt) }) as object;
}

/** Strict inverse of {@link receiptToJson}. Throws `receipt-malformed`. */
export function receiptFromJson(json: unknown): OpenedReceipt {
  const kind = typeof json === 'object' && json !== null && 'kind' in json ? json.kind : undefined;
  return withoutFrame(fieldOf(kind).fromJson(json));
}

/** Reads either form; text is JSON, bytes are binary unless they begin as JSON does. */
export function openReceipt(input: Uint8Array | string | object): OpenedReceipt {
  if (typeof input === 'string') return receiptFromText(input);
  if (!(input instanceof Uint8Array)) return receiptFromJson(input);
  const [first] = input;
  // A receipt begins as an array of ten fields does; JSON with a brace, or white space.
  if (first !== 0x7b && first !== 0x20 && first !== 0x0a && first !== 0x0d && first !== 0x09)
    return decodeReceipt(input);
  if (input.length > receiptTextCharactersMax) throw tooLarge();
  return receiptFromText(readAs(() => new TextDecoder('utf-8', { fatal: true }).decode(input)));
}

/** The header of the block that the receipt is about. */
export function headerOf({ block, head }: Receipt): Uint8Array {
  return block?.header ?? head.header;
}

function receiptFromText(input: string): OpenedReceipt {
  if (input.length > receiptTextCharactersMax) throw tooLarge();
  return receiptFromJson(readAs(() => parseJson(input)));
}

function fieldOf(kind: unknown): Field<Whole<ReceiptKind>> {
  const field = wholes.get(kind);
  if (field === undefined) throw malformed('its kind is unknown, or it has another form');
  return field;
}

function withoutFrame({ version: _, format: __, ...receipt }: Whole<ReceiptKind>): OpenedReceipt {
  // Kind and content were paired by the field that read them.
  return receipt as OpenedReceipt;
}

/** Whatever the bytes or the text have in them that cannot be read, they are no receipt. */
function readAs<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw malformed(messageOf(error), error);
  }
}

function tooLarge(): AssentError {
  return new AssentError('receipt-too-large', `A receipt has at most ${receiptBytesMax} bytes.`);
}
