import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import {
  EventBook,
  type EventKey,
  type EventOwner,
  events,
  type RecordedEvent,
} from '../../../src/contracts/access/events.ts';
import { decisions } from '../../../src/contracts/decision/decide.ts';
import { hex } from './support.ts';

function memory(): {
  readonly stored: Map<string, Uint8Array>;
  get(key: string): Uint8Array | undefined;
  put(key: string, value: Uint8Array): void;
  delete(key: string): void;
} {
  const stored = new Map<string, Uint8Array>();
  return {
    stored,
    get: (key) => stored.get(key),
    put: (key, value) => void stored.set(key, value),
    delete: (key) => void stored.delete(key),
  };
}

function eventOf(label: string, entry: number): RecordedEvent {
  const digest = Uint8Array.from({ length: 32 }, (_, place) => (label.charCodeAt(place % label.length) + entry) % 256);
  const decision = [undefined, ...decisions][entry % 5];
  return { digest, entry, ...(decision && { decision }) };
}

describe('the events of agents', () => {
  // Ids that share up to all but the last digits, as those that begin with a time do, and worse.
  const id = fc.tuple(fc.constantFrom(0, 7, 12, 20, 30), fc.nat(120)).map(([alike, number]) => {
    return `${'0'.repeat(alike)}${hex(String(number), 16)}`.slice(0, 32 - 2) + number.toString(16).padStart(2, '0');
  });
  const owner = fc.constantFrom<EventOwner>(['aa'], ['bb'], ['north', 'aa'], ['south', 'aa']);
  const key: fc.Arbitrary<EventKey> = fc.record({ owner, id });
  const nameOf = ({ owner: of, id: hexadecimal }: EventKey): string => [...of, hexadecimal].join();

  it('are found again for ever, and no others, however they were added', () => {
    fc.assert(
      fc.property(fc.array(fc.array(key, { maxLength: 60 }), { maxLength: 12 }), key, (batches, other) => {
        const state = memory();
        const known = new Map<string, { readonly key: EventKey; readonly event: RecordedEvent }>();
        for (const [number, batch] of batches.entries()) {
          const book = number % 3 === 0 ? undefined : new EventBook(state);
          for (const added of batch) {
            const event = eventOf(added.id, known.size + number);
            const before = known.get(nameOf(added))?.event;
            expect((book ?? new EventBook(state)).get(added)).toEqual(before);
            if (before !== undefined) continue;
            known.set(nameOf(added), { key: added, event });
            if (book === undefined) events.put(state, added, event);
            else book.add(added, event);
          }
          book?.finish(state);
        }
        for (const one of known.values()) expect(events.get(state, one.key)).toEqual(one.event);
        expect(events.get(state, other)).toEqual(known.get(nameOf(other))?.event);
      }),
    );
  });

  it('whose ids begin with their time take a page for each 32, and a book writes each page once', () => {
    const state = memory();
    const book = new EventBook(state);
    const ids = Array.from({ length: 1000 }, (_, number) => `0190a5c4${hex(`${number}`, 12)}`);
    for (const [entry, eventId] of ids.entries()) book.add({ owner: ['aa'], id: eventId }, eventOf(eventId, entry));
    book.finish(state);
    for (const [entry, eventId] of ids.entries())
      expect(events.get(state, { owner: ['aa'], id: eventId })?.entry).toBe(entry);
    expect(state.stored.size).toBeLessThan(260);
    const before = new Map(state.stored);
    const next = new EventBook(state);
    next.get({ owner: ['aa'], id: hex('never', 16) });
    next.finish(state);
    expect(state.stored).toEqual(before);
  });

  it('keeps a place in a log beyond 32 bits', () => {
    const state = memory();
    const event = { digest: new Uint8Array(32).fill(7), entry: 2 ** 40 + 5 };
    const one: EventKey = { owner: ['aa'], id: toHex(new Uint8Array(16)) };
    events.put(state, one, event);
    expect(events.get(state, one)).toEqual(event);
  });
});
