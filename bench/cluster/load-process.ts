import { fromHex, messageOf, present } from '../../src/base/index.ts';
import { Workload } from '../workload/workload.ts';
import { audit } from './audit.ts';
import type { CallMessage, LoadCalls, LoadPlan, ReplyMessage } from './load-messages.ts';
import { Loader } from './loader.ts';
import { proveAccesses } from './prove-accesses.ts';

/* The load: a process of its own, so that what it needs is not counted as the nodes'. Ends when its parent is gone. */

const plan: LoadPlan = JSON.parse(present(process.argv[2], 'the plan is the first argument'));
const ledgerId = present(fromHex(plan.ledgerId), 'the ledger id is hexadecimal');
let aheadMs = 0;
const workload = new Workload(ledgerId, plan.subjectCount, () => Date.now() + aheadMs);
const loader = new Loader(plan.urls);

const calls: {
  readonly [Call in keyof LoadCalls]: (request: LoadCalls[Call]['request']) => Promise<LoadCalls[Call]['reply']>;
} = {
  async enrol() {
    loader.add(workload.appointments());
    await loader.run({ inFlight: 1, batch: 64, seconds: 30 });
    loader.add(workload.links());
    return loader.run({ inFlight: 2 * plan.urls.length, batch: 128, seconds: 60 });
  },
  async consents() {
    loader.add(workload.consents());
    return loader.run({ inFlight: 2 * plan.urls.length, batch: 128, seconds: 120 });
  },
  async sign({ count, accesses }) {
    while (accesses !== undefined && loader.ready < count) loader.add([workload.batch(accesses)]);
    while (loader.ready < count) loader.add(Array.from({ length: 256 }, () => workload.next(plan.kind)));
    return { meanBytes: loader.meanBytes };
  },
  grow({ count, ...sending }) {
    const each = new Loader(plan.urls);
    each.add(Array.from({ length: count }, () => workload.next(plan.kind)));
    return each.run({ ...sending, seconds: 600 });
  },
  async advance({ ms }) {
    aheadMs += ms;
    return null;
  },
  subjects: async () => workload.subjects,
  run: (request) => loader.run(request),
  prove: () => proveAccesses(plan.urls, ledgerId, workload.subjects, loader),
  audit: () => audit(plan.urls, loader.acknowledged),
};

process.on('message', async ({ call, request }: CallMessage) => {
  let message: ReplyMessage;
  try {
    message = { reply: await (calls[call] as (request: unknown) => Promise<LoadCalls[typeof call]['reply']>)(request) };
  } catch (error) {
    message = { error: messageOf(error) };
  }
  process.send?.(message);
});
// Interrupts are for the parent, which ends this process when it has cleaned up.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(0));
