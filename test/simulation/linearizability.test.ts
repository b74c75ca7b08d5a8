import fc from 'fast-check';
import { expect, test } from 'vitest';
import { History, type OperationOutcome, type RegisterOperation } from './history.ts';
import { holdsLinearizable } from './invariants/linearizable.ts';
import { checkLinearizable } from './linearizability.ts';

/**
 * A history of one register, as text: one line a process, one column a moment. `w1` begins a write of 1, `r1` a read that
 * answers 1, `r_` one that finds nothing; the next `)` of the line ends it, `x` fails it, and a line that ends leaves it
 * unknown.
 */
function parse(...lines: readonly string[]): readonly RegisterOperation[] {
  const history = new History();
  type End = (outcome: OperationOutcome) => void;
  const open: (End | undefined)[] = [];
  const columns = Math.max(...lines.map((line) => line.length));
  for (let column = 0; column < columns; column++)
    for (const [process, line] of lines.entries()) {
      const [at = ' ', name = ' '] = line.slice(column);
      if (at === 'w' || at === 'r') {
        const value = name === '_' ? undefined : name;
        const kind = at === 'w' ? 'write' : 'read';
        const written = kind === 'write' ? value : undefined;
        const end = history.invoke({ kind, process, register: 'r', node: 0, value: written }, column);
        open[process] = (outcome) => end(outcome, column, value);
      } else if (at === ')' || at === 'x') {
        open[process]?.(at === ')' ? 'ok' : 'failed');
      }
    }
  return history.operations;
}

test.each([
  ['nothing happens', ['']],
  ['one after another', ['w1) r1) w2) r2)']],
  ['a read before the first write', ['r_) w1) r1)']],
  ['a read beside a write may see it', ['w1   )', ' r1)']],
  ['or may not', ['w1   )', ' r_)']],
  ['two writes at a time, in the order of the reads', ['w1    )', 'w2    )', '        r2) r2)']],
  [
    'one process reads the new value, another begins before and reads the old',
    ['w1) w2      )', '     r2)', '    r1     )'],
  ],
  ['an unknown write takes effect late', ['w1) ', 'w2 ', '     r1) r1) r2)']],
  ['an unknown write never takes effect', ['w1) ', 'w2 ', '     r1) r1) r1)']],
  ['a failed write', ['w1) w2x r1)']],
  ['a failed read', ['w1) r9x r1)']],
])('linearizable: %s', (_name, lines) => {
  expect(checkLinearizable(parse(...lines))).toEqual({ result: 'linearizable' });
});

test.each([
  ['a stale read', ['w1) w2) r1)']],
  ['a lost write', ['w1) r_)']],
  ['a value that came back', ['w1) w2     )', '      r2) r1)']],
  ['a value that came back after an unknown write', ['w1) r2) r1)', 'w2']],
  ['two reads see two writes in different orders', ['w1)', 'w2 )', '    r1) r2) r1)']],
  ['a value that nobody wrote', ['w1) r7)']],
  ['a write that failed for certain', ['w1) w2x r2)']],
  ['a value read before it was written', ['r1) w1)']],
  ['a value read before its write, which is unknown, began', ['r1) w1']],
])('not linearizable: %s', (_name, lines) => {
  const operations = parse(...lines);
  const verdict = checkLinearizable(operations);
  expect(verdict.result).toBe('violated');
  expect(() => holdsLinearizable(operations)).toThrow('linearizability: no order explains the last of');
});

test('what the read could have seen is told with it', () => {
  const verdict = checkLinearizable(parse('w1) w2) r1)', 'w3         )'));
  const told = verdict.result === 'violated' ? verdict.operations.map(({ kind, value }) => `${kind} ${value}`) : [];
  expect(told).toEqual(['write 1', 'write 3', 'write 2', 'read 1']);
});

test('registers are checked each by itself', () => {
  const stale = parse('w1) w2) r1)').map((operation) => ({ ...operation, register: 's' }));
  const verdict = checkLinearizable([...parse('w1) r1)'), ...stale]);
  expect(verdict).toMatchObject({ result: 'violated', register: 's' });
});

test('a search that is too long is given up, and said to be', () => {
  const operations = parse('w1    ) r1)', 'w2    )', 'w3    )', 'w4    )');
  expect(checkLinearizable(operations)).toEqual({ result: 'linearizable' });
  expect(checkLinearizable(operations, 3)).toMatchObject({ result: 'gave-up', register: 'r' });
});

/** Every order that keeps the order of ends before beginnings, tried one by one: slow, and short enough to be right. */
function hasOrder(left: readonly RegisterOperation[], value?: string): boolean {
  const mustFollow = left.filter(({ outcome }) => outcome === 'ok');
  if (mustFollow.length === 0) return true;
  const firstEnd = Math.min(...mustFollow.map(({ endedAt }) => endedAt));
  return left.some((next) => {
    if (next.invokedAt > firstEnd || (next.kind === 'read' && next.value !== value)) return false;
    return hasOrder(
      left.filter((other) => other !== next),
      next.value,
    );
  });
}

test('the search says what trying every order says', () => {
  const step = fc.record({ process: fc.nat(3), isWrite: fc.boolean(), seen: fc.nat(3), outcome: fc.nat(5) });
  let violated = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 6, maxLength: 14 }), (steps) => {
      const history = new History();
      const open: (((outcome: OperationOutcome) => void) | undefined)[] = [];
      const written: string[] = [];
      for (const { process, isWrite, seen, outcome } of steps) {
        const end = open[process];
        if (end !== undefined) {
          open[process] = undefined;
          if (outcome > 0) end(outcome === 1 ? 'failed' : 'ok');
          continue;
        }
        if (isWrite) written.push(`v${written.length}`);
        const value = isWrite ? written.at(-1) : written.at(-1 - seen);
        const kind = isWrite ? 'write' : 'read';
        const respond = history.invoke({ kind, process, register: 'r', node: 0, value }, 0);
        open[process] = (how) => respond(how, 0, value);
      }
      const { operations } = history;
      const relevant = operations.filter(
        ({ kind, outcome }) => outcome === 'ok' || (kind === 'write' && outcome === 'unknown'),
      );
      const isExplained = hasOrder(relevant);
      if (!isExplained) violated += 1;
      expect(checkLinearizable(operations).result).toBe(isExplained ? 'linearizable' : 'violated');
    }),
    { seed: 1, numRuns: 2_000 },
  );
  expect(violated).toBeGreaterThan(100);
});
