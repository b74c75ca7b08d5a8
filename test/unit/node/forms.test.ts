import { expect, it } from 'vitest';
import { z } from 'zod';
import { catalogueOf, createRuleExecutor, defineContract, name } from '../../../src/contracts/index.ts';
import { createSigner, generateSeed } from '../../../src/crypto/index.ts';
import {
  type CanonicalValue,
  encodeSignedTransaction,
  encodeTransactionBody,
  transactionMessage,
  type UnverifiedTransaction,
  VerifiedTransaction,
} from '../../../src/ledger/index.ts';
import { readTransaction } from '../../../src/node/ingress/check.ts';
import { formsOfAny } from '../../../src/node/ingress/forms.ts';
import { libraryContract } from '../contracts/toy-contract.ts';

const verifySignature = () => true;
const first = createRuleExecutor(catalogueOf([libraryContract]), { ruleSet: 'test/1', verifySignature });
const acquire = libraryContract.kinds.get('library.acquire');

/** The next version: a book has an author, and many are taken in at once. */
const next = createRuleExecutor(
  catalogueOf([
    defineContract({
      namespace: 'library',
      summary: 'A library that knows who wrote its books.',
      kinds: {
        'library.acquire': {
          summary: 'The library takes in a book.',
          effects: ['The book is in the hands of the sender.'],
          example: { title: 'emma', author: 'austen' },
          schema: z.strictObject({ title: name(), author: name() }),
          version: 2,
          rules: [],
          apply: () => undefined,
        },
        'library.acquireMany': {
          isLarge: true,
          summary: 'The library takes in many books.',
          effects: ['The books are in the hands of the sender.'],
          example: { titles: ['emma'] },
          schema: z.strictObject({ titles: z.array(name()).max(1000) }),
          rules: [],
          apply: () => undefined,
        },
      },
    }),
  ]),
  { ruleSet: 'test/2', verifySignature },
);

it('what any version takes passes: which one is in force only the state says', () => {
  const forms = formsOfAny([first, next]);
  const former = acquire?.payloadCodec.toWire({ title: 'emma' }) ?? [];
  for (const payload of [former, [2, 'emma', 'austen']])
    expect(forms.checkPayload({ kind: 'library.acquire', payload })).toBeUndefined();
  expect(first.checkPayload({ kind: 'library.acquire', payload: [2, 'emma', 'austen'] })).toBeDefined();
  expect(forms.checkPayload({ kind: 'library.acquireMany', payload: [1, ['emma']] })).toBeUndefined();
  expect([...forms.kinds].sort()).toEqual([...new Set([...first.kinds, ...next.kinds])].sort());
  expect([...forms.largeKinds]).toEqual(['library.acquireMany']);
});

it('what none takes is wrong as the newest says', () => {
  const forms = formsOfAny([first, next]);
  expect(forms.checkPayload({ kind: 'library.acquire', payload: [2, 'emma', 7] })).toMatch(/author/);
  expect(forms.kinds.has('library.burn')).toBe(false);
});

it.each([2, 900])('of %i titles, the wrong one is named to whoever looks', (count) => {
  const { publicKey: sender, sign } = createSigner(generateSeed());
  const ledgerId = new Uint8Array(32);
  const readWith = (wrong: unknown, at: number): UnverifiedTransaction => {
    const titles = Array.from({ length: count }, (_, index) => (index === at ? wrong : `title-${index}`));
    const body = encodeTransactionBody({
      kind: 'library.acquireMany',
      sender,
      salt: new Uint8Array(16),
      validUntil: 1,
      payload: [1, titles] as CanonicalValue,
    });
    const signature = sign(transactionMessage(ledgerId, body));
    return readTransaction(encodeSignedTransaction(body, signature), { forms: formsOfAny([first, next]) });
  };
  const last = count - 1;
  const path = `payload.titles[${last}]`;
  expect(() => readWith(7, last)).toThrow(
    expect.objectContaining({
      code: 'transaction-payload-invalid',
      message: expect.stringContaining(`The payload of library.acquireMany is wrong: ${path}: `),
    }),
  );
  expect(() => readWith('Emma', last)).toThrow(`${path}: expected a lower-case name`);
  expect(() => readWith([['emma']], last)).toThrow(path);
  const good = readWith('emma', last);
  expect(next.checkPayload(VerifiedTransaction.vouchedFor(good, sender), true)).toBeUndefined();
  expect(first.checkPayload(good)).toBe('unknown kind library.acquireMany');
});
