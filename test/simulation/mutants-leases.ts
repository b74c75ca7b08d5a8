import { type Mutant, mutant } from './mutant.ts';

/** Rules for read leases, and for blocks that are in force. */
export const leaseMutants: readonly Mutant[] = [
  mutant('a lease lasts longer than the promises bind', 40, {
    find: 'reliedOnMs: 0.8 * boundMs',
    replace: 'reliedOnMs: 1.3 * boundMs',
  }),
  mutant('a promise to whom is barred', 60, {
    find: 'if (decides < Math.max(this.#floor, this.#floors.get(from) ?? 0)) return;',
    replace: '',
  }),
  mutant('one voter bars', 40, {
    find: 'countVoters(electorate, barring) >= electorate.majority);',
    replace: 'countVoters(electorate, barring) >= 1);',
  }),
  mutant('a voter bars whom it is bound to', 20, {
    find: 'if (this.isBoundTo(holder) && (this.#said.get(holder) ?? 0) < height) return;',
    replace: '',
  }),
  mutant('a lease with a promise too few', 20, {
    find: 'this.#needed = majority - (voters.has(this.#options.nodeId) ? 1 : 0);',
    replace: 'this.#needed = majority - 1 - (voters.has(this.#options.nodeId) ? 1 : 0);',
  }),
  mutant('nobody is asked what it decides on', 20, {
    find: 'isExcused: (other, height) => this.#isBarred(other, height),',
    replace: 'isExcused: (other) => other !== nodeId,',
  }),
];
