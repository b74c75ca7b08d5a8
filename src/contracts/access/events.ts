import { z } from 'zod';
import { assert, fromHex, present, putUint32, readUint32 } from '../../base/index.ts';
import { type Decision, decisions } from '../decision/decide.ts';
import type { WritableState } from '../engine/contract.ts';
import { blob } from '../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../engine/state-record.ts';
import type { StateKey, StateView } from '../ledger-types.ts';

/**
 * What agents have asked or done, by event id, for ever. The events of a book are kept in pages: a page holds the first 32
 * whose ids begin with the same digits, and what comes after goes to a page of one digit more, down to a page for the
 * whole id. Nothing ever moves. Ids that begin with their time (RFC 9562, UUID version 7) so fill one page after the
 * other, and a batch writes a few; ids at random have a page each.
 */
export interface RecordedEvent {
  /** SHA-256 over what was asked; another content under the same id is a conflict. */
  readonly digest: Uint8Array;
  /** Place of its entry in the subject's log, from 0. */
  readonly entry: number;
  /** Absent for a break-glass. */
  readonly decision?: Decision;
}

/**
 * In whose book an event stands. What gateways record of an agent is a book for each domain, for in a batch it is the
 * gateway's word alone: no custodian can use up an id that the agent has for another, nor one of the agent's own
 * transactions, which have a book of their own.
 */
export type EventOwner = readonly [domain: string, agentHex: string] | readonly [senderHex: string];

export interface EventKey {
  readonly owner: EventOwner;
  /** Hexadecimal. */
  readonly id: string;
}

/** Of an id that begins with milliseconds, 28 bits: 17 minutes. */
const digitsMin = 7;
const digitsMax = 32;

/** On a page an event takes: id 16, digest 32, decision 1 (0: none), entry 6. */
const [idBytes, digestBytes, eventBytes] = [16, 32, 55];
const decisionOffset = 48;
const pageBytesMax = 32 * eventBytes;

const pages: StateRecord<{ events: Uint8Array }> = stateRecord(
  'access/event',
  z.strictObject({ events: blob(pageBytesMax) }),
);

const nothing = new Uint8Array();

interface Page {
  /** What the ids on it begin with. */
  readonly prefix: string;
  readonly key: StateKey;
  /** As stored; with room for a full page once it is changed. */
  bytes: Uint8Array;
  length: number;
  isChanged: boolean;
}

/** Reads and adds events; writes each page that was added to once, at the end. */
export class EventBook {
  readonly #state: StateView;
  readonly #pages = new Map<StateKey, Page>();
  /** Of each owner the pages that its last event was looked for on: the next one's id often begins alike. */
  readonly #chains = new Map<EventOwner, Page[]>();
  /** The id that was looked for last: if it is not there, it is added next. */
  #id: { readonly text: string; readonly bytes: Uint8Array } = { text: '', bytes: nothing };

  constructor(state: StateView) {
    this.#state = state;
  }

  get({ owner, id }: EventKey): RecordedEvent | undefined {
    const wanted = this.#bytesOf(id);
    for (const page of this.#chain(owner, id)) {
      const found = find(page, wanted);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Adds an event that is not there. */
  add({ owner, id }: EventKey, event: RecordedEvent): void {
    write(present(this.#chain(owner, id).at(-1), 'there is a first page'), this.#bytesOf(id), event);
  }

  finish(state: WritableState): void {
    for (const { key, bytes, length, isChanged } of this.#pages.values())
      if (isChanged) state.put(key, pages.encode({ events: bytes.subarray(0, length) }));
  }

  #bytesOf(id: string): Uint8Array {
    if (this.#id.text !== id) this.#id = { text: id, bytes: idOf(id) };
    return this.#id.bytes;
  }

  /** The pages that the event may stand on, or go to: all of them are full, and then one that has room. */
  #chain(owner: EventOwner, id: string): readonly Page[] {
    const chain = this.#chains.get(owner) ?? [];
    this.#chains.set(owner, chain);
    let last = chain.at(-1);
    while (last !== undefined && !id.startsWith(last.prefix)) {
      chain.pop();
      last = chain.at(-1);
    }
    while (last === undefined || last.length === pageBytesMax) {
      const digits = digitsMin + chain.length;
      assert(digits <= digitsMax, 'only one event has the whole id');
      last = this.#page(owner, id.slice(0, digits));
      chain.push(last);
    }
    return chain;
  }

  #page(owner: EventOwner, prefix: string): Page {
    const key = pages.key(...owner, prefix);
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const stored = this.#state.get(key);
    const bytes = stored === undefined ? nothing : pages.decode(stored).events;
    const page: Page = { prefix, key, bytes, length: bytes.length, isChanged: false };
    this.#pages.set(key, page);
    return page;
  }
}

function idOf(hex: string): Uint8Array {
  const id = fromHex(hex);
  assert(id?.length === idBytes, 'an event id has 16 bytes');
  return id;
}

function find({ bytes, length }: Page, id: Uint8Array): RecordedEvent | undefined {
  for (let start = 0; start < length; start += eventBytes) {
    // Ids of one page begin alike: from the end they differ sooner.
    let place = idBytes - 1;
    while (place >= 0 && bytes[start + place] === id[place]) place -= 1;
    if (place < 0) return read(bytes, start);
  }
  return undefined;
}

function read(bytes: Uint8Array, start: number): RecordedEvent {
  const place = start + decisionOffset;
  const number = present(bytes[place], 'a page holds whole events');
  const high = ((bytes[place + 1] as number) << 8) | (bytes[place + 2] as number);
  const entry = high * 2 ** 32 + readUint32(bytes, place + 3);
  const digest = bytes.slice(start + idBytes, start + decisionOffset);
  if (number === 0) return { digest, entry };
  return { digest, entry, decision: present(decisions[number - 1], 'a page holds decisions of this rule set') };
}

function write(page: Page, id: Uint8Array, { digest, entry, decision }: RecordedEvent): void {
  assert(digest.length === digestBytes, 'a digest is a hash');
  if (!page.isChanged) {
    const stored = page.bytes;
    page.bytes = new Uint8Array(pageBytesMax);
    page.bytes.set(stored);
    page.isChanged = true;
  }
  const { bytes, length } = page;
  bytes.set(id, length);
  bytes.set(digest, length + idBytes);
  const place = length + decisionOffset;
  const high = Math.floor(entry / 2 ** 32);
  bytes[place] = decision === undefined ? 0 : decisions.indexOf(decision) + 1;
  bytes[place + 1] = high >>> 8;
  bytes[place + 2] = high;
  putUint32(bytes, entry >>> 0, place + 3);
  page.length += eventBytes;
}

/** Key of the page that an event is looked for on first. */
export function firstPageKey({ owner, id }: EventKey): StateKey {
  return pages.key(...owner, id.slice(0, digitsMin));
}

/** One event at a time. */
export const events = {
  get: (state: StateView, key: EventKey): RecordedEvent | undefined => new EventBook(state).get(key),
  /** Adds an event that is not there. */
  put(state: WritableState, key: EventKey, event: RecordedEvent): void {
    const book = new EventBook(state);
    book.add(key, event);
    book.finish(state);
  },
};
