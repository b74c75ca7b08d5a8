import { present } from '../src/base/index.ts';
import { DecisionBase, type DecisionRequest, decide, type Explanation } from '../src/decision/index.ts';
import { machineConditions, ratePerCpuSecond, verificationRate } from './machine.ts';
import { type Bench, type Row, rounded } from './rows.ts';
import { consentsPerPatient, type DecisionWorkload, decisionWorkload } from './workload/decisions.ts';

const patients = 500;
const resourcesMany = 20;

/**
 * The consent decision in process. A decision is one resource of one request, with its whole explanation. Beside it what
 * a core of this machine verifies of signatures, measured in the same run: a ratio that says more than either.
 */
export const decision: Bench = async ({ seconds, progress, signal }) => {
  const one = decisionWorkload(patients);
  const many = decisionWorkload(patients, resourcesMany);
  const conditions =
    `${consentsPerPatient} consents a patient of ${consentsPerPatient} shapes, ${patients} patients, ` +
    `${one.requests.length} requests in turn (${mixOf(one)}), one thread, by its own CPU time, ${machineConditions()}`;
  const measures: readonly (readonly [name: string, perCall: number, work: () => void])[] = [
    ['checked-once', 1, overBase(one, () => undefined)],
    ['checked-once/as-json', 1, overBase(one, (explanation) => void JSON.stringify(explanation))],
    [`checked-once/${resourcesMany}-resources`, resourcesMany, overBase(many, () => undefined)],
    ['raw', 1, raw(one)],
  ];
  const rows: Row[] = measures.map(([name, perCall, work]) => {
    progress(`${name} …`);
    signal.throwIfAborted();
    const rate = perCall * ratePerCpuSecond(seconds / measures.length, work);
    return { name: `decision/${name}`, value: rounded(rate), unit: '1/s per core', conditions };
  });
  const verified = verificationRate(1);
  const ratio = { value: rounded(present(rows[0], 'measured').value / verified, 3), unit: 'decisions per signature' };
  return [...rows, { name: 'decision/per-verified-signature', ...ratio, conditions }];
};

/** Consents and policy checked once, every request as it came. */
function overBase(workload: DecisionWorkload, use: (explanation: Explanation) => void): () => void {
  const base = new DecisionBase(workload);
  const next = inTurn(workload.requests);
  return () => use(base.decide(next()));
}

/** Consents of the one patient, policy and request, all as they came, every time. */
function raw({ consents, policy, requests }: DecisionWorkload): () => void {
  const bySubject = Map.groupBy(consents, ({ subject }) => subject);
  const next = inTurn(requests);
  return () => {
    const request = next();
    decide({ consents: present(bySubject.get(request.subject), 'each has consents'), request, policy });
  };
}

function inTurn(requests: readonly DecisionRequest[]): () => DecisionRequest {
  let turn = 0;
  return () => present(requests[turn++ % requests.length], 'there are requests');
}

/** `permit 40 %, deny 55 %, …` */
function mixOf(workload: DecisionWorkload): string {
  const base = new DecisionBase(workload);
  const { requests } = workload;
  const groups = Map.groupBy(requests, (request) => base.decide(request).decision);
  return [...groups]
    .map(([name, { length }]) => `${name} ${rounded((100 * length) / requests.length, 2)} %`)
    .join(', ');
}
