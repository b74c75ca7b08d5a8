import { z } from 'zod';
import type { WritableState } from '../../engine/contract.ts';
import { did, timestamp } from '../../engine/leaves.ts';
import { type StateRecord, stateRecord } from '../../engine/state-record.ts';
import type { StateView } from '../../ledger-types.ts';

/** An entry of a subject's log that waits for somebody of the custodian. */
export interface Task {
  /** Never used again in its list. */
  readonly number: number;
  readonly subject: Uint8Array;
  /** Place in the subject's log, from 0. */
  readonly entry: number;
  readonly dueAt?: number;
}

export interface TaskPage {
  readonly tasks: readonly Task[];
  /** Where the next page begins; absent at the end. */
  readonly next?: number;
}

/** Tasks on one page, and pages or nodes under one node. */
const fan = 64;
/** Above the pages: a list holds up to 64 ** 6 tasks in its time. */
const levels = 5;

/**
 * The open tasks of a domain in the order in which they came. They stand on pages by their number, and above the pages
 * stands a tree that says which pages have any: adding, removing and finding the next touch some ten values, however many
 * tasks there were and are.
 */
export class TaskList {
  readonly #heads: StateRecord<{ next: number; open: number }>;
  readonly #pages: StateRecord<{ tasks: readonly Task[] }>;
  readonly #nodes: StateRecord<{ children: readonly number[] }>;

  /** `prefix`: of the list's state, for instance `access/reviews`. */
  constructor(prefix: string) {
    const place = z
      .int()
      .min(0)
      .max(fan - 1);
    const task = z.strictObject({
      number: z.int().min(0),
      subject: did(),
      entry: z.int().min(0),
      dueAt: timestamp().exactOptional(),
    });
    this.#heads = stateRecord(prefix, z.strictObject({ next: z.int().min(0), open: z.int().min(0) }));
    this.#pages = stateRecord(`${prefix}-page`, z.strictObject({ tasks: z.array(task).max(fan) }));
    this.#nodes = stateRecord(`${prefix}-node`, z.strictObject({ children: z.array(place).max(fan) }));
  }

  /** How many tasks wait. */
  openIn(state: StateView, domain: string): number {
    return this.#heads.get(state, domain)?.open ?? 0;
  }

  /** Returns the task's number. */
  add(state: WritableState, domain: string, task: Omit<Task, 'number'>): number {
    const { next: number, open } = this.#heads.get(state, domain) ?? { next: 0, open: 0 };
    this.#heads.put(state, [domain], { next: number + 1, open: open + 1 });
    const page = Math.floor(number / fan);
    const before = this.#tasksOn(state, domain, page);
    this.#pages.put(state, [domain, `${page}`], { tasks: [...before, { number, ...task }] });
    if (before.length === 0) this.#mark(state, domain, page);
    return number;
  }

  remove(state: WritableState, domain: string, number: number): void {
    const page = Math.floor(number / fan);
    const left = this.#tasksOn(state, domain, page).filter((task) => task.number !== number);
    const { next, open } = this.#heads.get(state, domain) ?? { next: 0, open: 0 };
    this.#heads.put(state, [domain], { next, open: open - 1 });
    if (left.length > 0) {
      this.#pages.put(state, [domain, `${page}`], { tasks: left });
    } else {
      this.#pages.delete(state, [domain, `${page}`]);
      this.#unmark(state, domain, page);
    }
  }

  /** The first page that has tasks numbered from `from` on. */
  pageFrom(state: StateView, domain: string, from: number): TaskPage {
    const page = this.#pageAtOrAfter(state, domain, Math.floor(from / fan));
    if (page === undefined) return { tasks: [] };
    const tasks = this.#tasksOn(state, domain, page).filter(({ number }) => number >= from);
    const following = this.#pageAtOrAfter(state, domain, page + 1);
    return { tasks, ...(following !== undefined && { next: following * fan }) };
  }

  #tasksOn(state: StateView, domain: string, page: number): readonly Task[] {
    return this.#pages.get(state, domain, `${page}`)?.tasks ?? [];
  }

  #childrenOf(state: StateView, domain: string, level: number, node: number): readonly number[] {
    return this.#nodes.get(state, domain, `${level}`, `${node}`)?.children ?? [];
  }

  /** Notes on every level that the child has tasks, up to the node that knows already. */
  #mark(state: WritableState, domain: string, page: number): void {
    let child = page;
    for (let level = 1; level <= levels; level++) {
      const node = Math.floor(child / fan);
      const before = this.#childrenOf(state, domain, level, node);
      this.#nodes.put(state, [domain, `${level}`, `${node}`], { children: [...before, child % fan] });
      if (before.length > 0) return;
      child = node;
    }
  }

  #unmark(state: WritableState, domain: string, page: number): void {
    let child = page;
    for (let level = 1; level <= levels; level++) {
      const node = Math.floor(child / fan);
      const left = this.#childrenOf(state, domain, level, node).filter((place) => place !== child % fan);
      if (left.length > 0) {
        this.#nodes.put(state, [domain, `${level}`, `${node}`], { children: left });
        return;
      }
      this.#nodes.delete(state, [domain, `${level}`, `${node}`]);
      child = node;
    }
  }

  /** Up until a node has a child at or after the place, then down its first children. Children stand in their order. */
  #pageAtOrAfter(state: StateView, domain: string, wanted: number): number | undefined {
    let child = wanted;
    for (let level = 1; level <= levels; level++) {
      const node = Math.floor(child / fan);
      const place = this.#childrenOf(state, domain, level, node).find((other) => other >= child % fan);
      if (place !== undefined) return this.#firstPageUnder(state, domain, level - 1, node * fan + place);
      child = node + 1;
    }
    return undefined;
  }

  #firstPageUnder(state: StateView, domain: string, level: number, node: number): number {
    let place = node;
    for (let below = level; below >= 1; below--)
      place = place * fan + (this.#childrenOf(state, domain, below, place)[0] ?? 0);
    return place;
  }
}

/** Broken glasses that nobody has reviewed. */
export const reviews: TaskList = new TaskList('access/reviews');
/** Disputes that nobody has answered. */
export const disputes: TaskList = new TaskList('access/disputes');
