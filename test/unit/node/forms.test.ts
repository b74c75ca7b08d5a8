import { expect, it } from 'vitest';
import { z } from 'zod';
import { catalogueOf, createRuleExecutor, defineContract, name } from '../../../src/contracts/index.ts';
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
