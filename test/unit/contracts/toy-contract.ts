import { z } from 'zod';
import { toHex } from '../../../src/base/index.ts';
import {
  type Contract,
  defineContract,
  did,
  type EntryType,
  entryType,
  name,
  stateRecord,
} from '../../../src/contracts/index.ts';
import type { StateView } from '../../../src/contracts/ledger-types.ts';
import { encodeDid } from '../../../src/crypto/portable.ts';

const library = z.strictObject({ title: name(), to: did().exactOptional() });
const book = stateRecord('library/book', z.strictObject({ holder: did(), loans: z.int().min(0) }));

const exampleReader = encodeDid(new Uint8Array(32));

export const bookAcquired: EntryType<{ by: Uint8Array }> = entryType('book-acquired', z.strictObject({ by: did() }));

/** A lending library: a whole contract in one file, with no knowledge of the node. */
export const libraryContract: Contract = defineContract({
  namespace: 'library',
  summary: 'A library whose books go from hand to hand.',
  streams: { 'library:acquired': [bookAcquired] },
  kinds: {
    'library.acquire': {
      summary: 'The library takes in a book.',
      effects: ['The book is in the hands of whom the sender names, or of the sender.'],
      example: { title: 'emma' },
      schema: library,
      rules: [
        {
          name: 'book-is-new',
          code: 'book-known',
          sentence: 'The library already has this book.',
          permits: ({ payload, state }) => book.get(state, payload.title) === undefined,
        },
      ],
      apply({ payload, sender, state, emit }) {
        book.put(state, [payload.title], { holder: payload.to ?? sender, loans: 0 });
        emit('library:acquired', bookAcquired.encode({ by: sender }));
        return undefined;
      },
    },
    'library.lend': {
      summary: 'Whoever holds a book hands it on.',
      effects: ['The book is in the hands of another.'],
      example: { title: 'emma', to: exampleReader },
      schema: z.strictObject({ title: name(), to: did() }),
      output: z.strictObject({ loans: z.int() }),
      rules: [
        {
          name: 'book-is-held',
          code: 'book-not-held',
          sentence: 'Only the one who holds a book can lend it.',
          permits({ payload, state, senderHex, saw }) {
            saw('sender', senderHex);
            return holderOf(state, payload.title) === senderHex;
          },
        },
      ],
      apply({ payload, state }) {
        const loans = (book.get(state, payload.title)?.loans ?? 0) + 1;
        book.put(state, [payload.title], { holder: payload.to, loans });
        return { loans };
      },
    },
  },
});

export function holderOf(state: StateView, title: string): string | undefined {
  const record = book.get(state, title);
  return record === undefined ? undefined : toHex(record.holder);
}
