import { toHex } from '../../../base/index.ts';
import { encodeDid } from '../../../crypto/portable.ts';
import type { StateView } from '../../ledger-types.ts';
import { marksOf } from './marks.ts';
import { disputes, reviews, type Task, type TaskList } from './tasks.ts';

/** A broken glass that nobody has reviewed, in JSON form. */
export interface WaitingReview {
  readonly subject: string;
  /** Place in the subject's log, from 0. */
  readonly entry: number;
  readonly opening: string;
  readonly agent: string;
  readonly role: string;
  readonly organisation: string;
  readonly openedAt: number;
  readonly reviewBy: number;
  readonly state: 'pending' | 'overdue';
}

/** A dispute that nobody has answered, in JSON form. */
export interface WaitingDispute {
  readonly subject: string;
  /** Place of the disputed entry in the subject's log, from 0. */
  readonly entry: number;
  /** Who raised it: the subject, or who acts for it. */
  readonly by: string;
  readonly raisedAt: number;
}

export interface Waiting<T> {
  /** In the order in which they came. */
  readonly items: readonly T[];
  /** Where the next part begins; absent at the end. A part may be empty and not the last. */
  readonly next?: number;
  /** How many wait in all, in time and late. */
  readonly open: number;
}

/** Pages that one part looks at, so that reading takes a bounded time however long the list is. */
const pagesMax = 32;

/** Broken glasses of the domain that wait for a review: those in time, or those whose deadline has passed. */
export function waitingReviews(
  state: StateView,
  domain: string,
  wanted: WaitingReview['state'],
  atMs: number,
  from: number,
  limit: number,
): Waiting<WaitingReview> {
  const stateOf = (task: Task): WaitingReview['state'] => ((task.dueAt ?? 0) < atMs ? 'overdue' : 'pending');
  return waiting(reviews, state, domain, from, limit, (task) => {
    const { opening } = marksOf(state, task.subject, task.entry);
    if (opening === undefined || stateOf(task) !== wanted) return undefined;
    const { id, agent, role, organisation, openedAt, reviewBy } = opening;
    const place = { subject: encodeDid(task.subject), entry: task.entry };
    return {
      ...place,
      opening: toHex(id),
      agent: encodeDid(agent),
      role,
      organisation,
      openedAt,
      reviewBy,
      state: wanted,
    };
  });
}

/** Disputes of the domain that wait for an answer. */
export function waitingDisputes(
  state: StateView,
  domain: string,
  from: number,
  limit: number,
): Waiting<WaitingDispute> {
  return waiting(disputes, state, domain, from, limit, ({ subject, entry }) => {
    const { dispute } = marksOf(state, subject, entry);
    if (dispute === undefined) return undefined;
    return { subject: encodeDid(subject), entry, by: encodeDid(dispute.by), raisedAt: dispute.raisedAt };
  });
}

function waiting<T>(
  list: TaskList,
  state: StateView,
  domain: string,
  from: number,
  limit: number,
  itemOf: (task: Task) => T | undefined,
): Waiting<T> {
  const items: T[] = [];
  const open = list.openIn(state, domain);
  let next: number | undefined = from;
  for (let pages = 0; pages < pagesMax && next !== undefined; pages++) {
    const page = list.pageFrom(state, domain, next);
    for (const task of page.tasks) {
      if (items.length === limit) return { items, next: task.number, open };
      const item = itemOf(task);
      if (item !== undefined) items.push(item);
    }
    next = page.next;
  }
  return { items, open, ...(next !== undefined && { next }) };
}
