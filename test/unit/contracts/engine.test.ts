import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Contract,
  ContractError,
  catalogueOf,
  createRuleExecutor,
  defineContract,
  did,
  entryReader,
  limits,
  name,
  SchemaError,
  ScratchState,
  stateRecord,
  testLedger,
} from '../../../src/contracts/index.ts';
import { encodeCanonical } from '../../../src/contracts/ledger-types.ts';
import { bookAcquired, holderOf, libraryContract } from './toy-contract.ts';

const schema = z.strictObject({ title: name() });
const rule = {
  name: 'always',
  code: 'never-given',
  sentence: 'This rule refuses nothing at all.',
  permits: () => true,
};
const summary = 'It is for tests, and does nothing else.';
const described = {
  summary,
  effects: ['Nothing changes for anybody at all.'],
  example: { title: 'emma' },
};
const kind = { ...described, schema, rules: [rule], apply: () => undefined };

describe('a contract in one file', () => {
  const ledger = testLedger({ contracts: catalogueOf([libraryContract]) });
  const to = ledger.actor('bo').did;

  it('runs without a node', () => {
    expect(ledger.submit('al', 'library.acquire', { title: 'emma' })).toMatchObject({ ok: true, output: null });
    expect(ledger.submit('al', 'library.acquire', { title: 'emma' })).toMatchObject({ ok: false, code: 'book-known' });
    expect(ledger.submit('al', 'library.lend', { title: 'emma', to }).output).toEqual({ loans: 1 });
    expect(holderOf(ledger.state, 'emma')).toBe(ledger.actor('bo').keyHex);
    expect(ledger.stream('library:acquired').map(entryReader([bookAcquired]))).toEqual([
      { type: 'book-acquired', by: ledger.actor('al').did },
    ]);
  });

  it('explains which rules were looked at, what each saw, which decided, and writes nothing', () => {
    const al = ledger.actor('al');
    expect(ledger.explain('al', 'library.lend', { title: 'emma', to })).toMatchObject({
      kind: 'library.lend',
      decidedBy: 'book-is-held',
      result: { ok: false, code: 'book-not-held' },
      writes: [],
      rules: [
        {
          name: 'book-is-held',
          permitted: false,
          reads: [{ key: 'library/book/emma', found: true }],
          saw: [{ what: 'sender', value: al.keyHex }],
        },
      ],
    });
    const permitted = ledger.explain('bo', 'library.lend', { title: 'emma', to: al.did });
    expect(permitted).toMatchObject({ decidedBy: undefined, writes: ['library/book/emma'], result: { ok: true } });
    expect(holderOf(ledger.state, 'emma')).toBe(ledger.actor('bo').keyHex);
  });

  it('has its codes, JSON schemas and JSON forms in the catalogue', () => {
    const catalogue = catalogueOf([libraryContract]);
    expect(catalogue.ruleCodes.map(({ code }) => code)).toEqual([
      'book-known',
      'book-not-held',
      'identity-deactivated',
      'limits',
      'payload-invalid',
    ]);
    const wire = catalogue.payloadFromJson('library.lend', { title: 'emma', to });
    expect(wire).toEqual([1, 'emma', ledger.actor('bo').key]);
    expect(catalogue.payloadToJson('library.lend', wire)).toEqual({ title: 'emma', to });
    expect(catalogue.payloadJsonSchema('library.lend')).toMatchObject({ required: ['title', 'to'] });
    expect(() => catalogue.payloadFromJson('library.lend', { title: 'emma', to: 'bo' })).toThrow('at to');
    expect(() => catalogue.payloadFromJson('library.burn', {})).toThrow('library.burn');
  });
});

describe('every misuse is an error at definition', () => {
  const kindsOf = (change: object) => ({ 'toy.do': { ...kind, ...change } });
  const ruleOf = (change: object) => kindsOf({ rules: [{ ...rule, ...change }] });

  it.each<[string, object, string]>([
    ['a namespace that is no word', { namespace: 'Toy box', kinds: kindsOf({}) }, 'use one lower-case word'],
    ['no kinds', { namespace: 'toy', summary, kinds: {} }, 'has no kinds'],
    ['no summary', { namespace: 'toy', kinds: kindsOf({}) }, 'contract toy has no summary'],
    ['a kind of another namespace', { namespace: 'toy', kinds: { 'other.do': kind } }, 'outside its namespace'],
    ['a kind without a verb', { namespace: 'toy', kinds: { toy: kind } }, 'use toy.verb'],
    ['a kind without a summary', { namespace: 'toy', kinds: kindsOf({ summary: 'no' }) }, 'kind toy.do has no summary'],
    ['a kind without effects', { namespace: 'toy', kinds: kindsOf({ effects: [] }) }, 'does not say what changes'],
    ['a kind without an example', { namespace: 'toy', kinds: kindsOf({ example: undefined }) }, 'has no example'],
    ['no apply', { namespace: 'toy', kinds: kindsOf({ apply: undefined }) }, 'has no apply'],
    ['no rules', { namespace: 'toy', kinds: kindsOf({ rules: undefined }) }, 'no list of rules'],
    ['a rule without a name', { namespace: 'toy', kinds: ruleOf({ name: '' }) }, 'no hyphenated name'],
    ['a rule without a code', { namespace: 'toy', kinds: ruleOf({ code: undefined }) }, 'no hyphenated code'],
    [
      'a code of the engine',
      { namespace: 'toy', kinds: ruleOf({ code: 'limits' }) },
      'the engine’s own code'.replace('’', "'"),
    ],
    ['a rule without a sentence', { namespace: 'toy', kinds: ruleOf({ sentence: 'no' }) }, 'no whole sentence'],
    ['a rule without a predicate', { namespace: 'toy', kinds: ruleOf({ permits: true }) }, 'has no permits'],
    ['two rules of one name', { namespace: 'toy', kinds: kindsOf({ rules: [rule, rule] }) }, 'two rules named always'],
    [
      'a schema without wire form',
      { namespace: 'toy', kinds: kindsOf({ schema: z.strictObject({ a: z.string() }) }) },
      'kind toy.do',
    ],
  ])('%s', (_, definition, problem) => {
    const define = () => defineContract(definition as Parameters<typeof defineContract>[0]);
    expect(define).toThrow(ContractError);
    expect(define).toThrow(problem);
  });

  it('a namespace declared twice, one code with two meanings, a bad state prefix', () => {
    const one = defineContract({ namespace: 'one', summary, kinds: { 'one.do': kind } });
    const two = defineContract({
      namespace: 'two',
      summary,
      kinds: { 'two.do': { ...kind, rules: [{ ...rule, sentence: 'It means something else here.' }] } },
    });
    expect(() => catalogueOf([one, one])).toThrow('namespace one is declared twice');
    expect(() => catalogueOf([one, two])).toThrow('code never-given already means');
    expect(() => stateRecord('Bad key', schema)).toThrow(SchemaError);
  });

  it('state that could outgrow what the ledger stores', () => {
    const listOf = (length: number) => z.strictObject({ names: z.array(name()).max(length) });
    expect(() => stateRecord('toy/list', listOf(1024))).not.toThrow();
    expect(() => stateRecord('toy/list', listOf(2048))).toThrow('more than the ledger stores');
  });
});

describe('a stream that is not declared', () => {
  const emits = (stream: string, entry: Uint8Array) => {
    const toy = defineContract({
      namespace: 'toy',
      summary,
      streams: { 'toy:<title>': [bookAcquired] },
      kinds: {
        'toy.emit': {
          ...kind,
          apply({ emit }) {
            emit(stream, entry);
            return undefined;
          },
        },
      },
    });
    return testLedger({ contracts: catalogueOf([toy]) }).submit('al', 'toy.emit', { title: 'emma' }).ok;
  };
  const entry = bookAcquired.encode({ by: new Uint8Array(32) });

  it('is told in a test ledger', () => {
    expect(emits('toy:emma', entry)).toBe(true);
    expect(() => emits('play:emma', entry)).toThrow('appends to play:emma, which its contract does not declare');
    expect(() => emits('toy:emma', encodeCanonical(['other', 1]))).toThrow('an entry that its contract');
  });
});

describe('while a transaction runs', () => {
  const value = stateRecord('toy/value', z.strictObject({ title: name() }));
  let applied = 0;
  const toy: Contract = defineContract({
    namespace: 'toy',
    summary,
    streams: { 'toy:bytes': [], 'toy:count': [] },
    kinds: {
      'toy.write': {
        ...described,
        schema: z.strictObject({ count: z.int().min(0), size: z.int().min(0) }),
        rules: [],
        apply({ payload, state, emit }) {
          for (let place = 0; place < payload.count; place++) value.put(state, [`${place}`], { title: 'a' });
          if (payload.size > 0) emit('toy:bytes', new Uint8Array(payload.size));
          return undefined;
        },
      },
      'toy.read': {
        ...described,
        schema: z.strictObject({ count: z.int().min(0) }),
        rules: [
          {
            ...rule,
            permits({ payload, state }) {
              for (let place = 0; place < payload.count; place++) value.get(state, `${place}`);
              return true;
            },
          },
        ],
        apply: () => undefined,
      },
      'toy.grow': {
        ...described,
        schema: z.strictObject({ size: z.int().min(0) }),
        rules: [],
        apply({ payload, state }) {
          state.put('toy/large', new Uint8Array(payload.size));
          return undefined;
        },
      },
      'toy.copy': {
        ...described,
        schema: z.strictObject({ count: z.int().min(0) }),
        rules: [],
        apply({ payload, state }) {
          for (let place = 0; place < payload.count; place++) {
            value.put(state, [`to-${place}`], { title: 'a' });
            value.get(state, `from-${place}`);
          }
          return undefined;
        },
      },
      'toy.stray': {
        ...described,
        schema,
        rules: [],
        apply({ state }) {
          state.put('consent/record/x', new Uint8Array());
          return undefined;
        },
      },
      'toy.sneak': {
        ...described,
        schema,
        rules: [
          {
            ...rule,
            permits({ state }) {
              (state as unknown as { put(key: string, stored: Uint8Array): void }).put('toy/value/x', new Uint8Array());
              return true;
            },
          },
        ],
        apply: () => undefined,
      },
      'toy.waver': {
        ...described,
        schema,
        rules: [],
        apply({ emit }) {
          applied += 1;
          emit('toy:count', Uint8Array.of(applied));
          return undefined;
        },
      },
    },
  });
  const contracts = catalogueOf([toy]);

  it('limits on reads, writes and bytes refuse, at the same point everywhere, and nothing stays', () => {
    const ledger = testLedger({ contracts });
    const write = (count: number, size = 0) => ledger.submit('al', 'toy.write', { count, size });
    expect(write(limits.writesMax).ok).toBe(true);
    expect(write(limits.writesMax + 1)).toMatchObject({ ok: false, code: 'limits', rule: 'writes' });
    expect(write(0, limits.bytesMax)).toMatchObject({ ok: false, code: 'limits', rule: 'bytes' });
    expect(ledger.submit('al', 'toy.read', { count: limits.readsMax }).ok).toBe(true);
    expect(ledger.submit('al', 'toy.read', { count: limits.readsMax + 1 })).toMatchObject({
      code: 'limits',
      rule: 'reads',
    });
    expect(value.get(ledger.state, `${limits.writesMax}`)).toBeUndefined();
  });

  it('a value longer than the ledger stores is refused: it must never stop a node', () => {
    const ledger = testLedger({ contracts });
    const grow = (size: number) => ledger.submit('al', 'toy.grow', { size });
    expect(grow(limits.valueBytesMax).ok).toBe(true);
    expect(grow(limits.valueBytesMax + 1)).toMatchObject({ ok: false, code: 'limits', rule: 'value' });
  });

  it('reads are bounded also between writes', () => {
    const ledger = testLedger({ contracts });
    const copy = (count: number) => ledger.submit('al', 'toy.copy', { count });
    expect(copy(limits.readsMax / 2).ok).toBe(true);
    expect(copy(limits.readsMax / 2 + 1)).toMatchObject({ ok: false, code: 'limits', rule: 'reads' });
  });

  it('a write outside the namespace, or in a rule, is a bug and stops', () => {
    const ledger = testLedger({ contracts });
    expect(() => ledger.submit('al', 'toy.stray', { title: 'a' })).toThrow('outside its namespace');
    expect(() => ledger.submit('al', 'toy.sneak', { title: 'a' })).toThrow('rules do not write');
  });

  it('a contract that is not deterministic fails in its first test', () => {
    expect(() => testLedger({ contracts }).submit('al', 'toy.waver', { title: 'a' })).toThrow('not deterministic');
  });

  it('a payload of another shape is refused, with the path for who asks', () => {
    const executor = createRuleExecutor(contracts, { ruleSet: 'toy/1', verifySignature: () => false });
    expect(executor.checkPayload({ kind: 'toy.write', payload: [1, -1, 0] })).toContain('payload.count');
    expect(executor.checkPayload({ kind: 'toy.write', payload: [1, 1, 0] })).toBeUndefined();
    expect(executor.checkPayload({ kind: 'toy.none', payload: [1] })).toContain('unknown kind');
    const transaction = {
      id: new Uint8Array(32),
      kind: 'toy.write',
      sender: new Uint8Array(32),
      validUntil: 0,
      payload: [1, -1, 0],
      byteLength: 100,
    };
    const block = { ledgerId: new Uint8Array(32), height: 1, timestamp: 1 };
    const executed = executor.execute(transaction, new ScratchState({ get: () => undefined }), block);
    expect(executed).toMatchObject({ result: { ok: false, code: 'payload-invalid' }, index: [] });
  });

  it('a payload is read once where its execution comes next, and kept no longer', () => {
    const executor = createRuleExecutor(contracts, { ruleSet: 'toy/1', verifySignature: () => false });
    let readings = 0;
    const transaction = {
      id: new Uint8Array(32),
      kind: 'toy.write',
      sender: new Uint8Array(32),
      validUntil: 0,
      byteLength: 100,
      get payload() {
        readings += 1;
        return [1, 1, 0];
      },
    };
    const block = { ledgerId: new Uint8Array(32), height: 1, timestamp: 1 };
    const execute = (): unknown => executor.execute(transaction, new ScratchState({ get: () => undefined }), block);
    executor.checkPayload(transaction, true);
    execute();
    expect(readings).toBe(1);
    execute();
    expect(readings).toBe(2);
    executor.checkPayload(transaction);
    execute();
    expect(readings).toBe(4);
  });

  it('reads what it wrote, and decodes what others wrote', () => {
    const typed = stateRecord('toy/typed', z.strictObject({ holder: did(), count: z.int() }));
    const state = new ScratchState({ get: () => undefined });
    const holder = new Uint8Array(32).fill(3);
    typed.put(state, ['a'], { holder, count: 1 });
    expect(typed.get(state, 'a')).toEqual({ holder, count: 1 });
    typed.delete(state, ['a']);
    expect(typed.get(state, 'a')).toBeUndefined();
    expect(() => typed.key('a/b')).toThrow('plain ASCII');
    state.put('toy/typed/b', Uint8Array.of(0xc0));
    expect(() => typed.get(state, 'b')).toThrow('not what this rule set wrote');
  });
});
