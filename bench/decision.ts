import { present } from '../src/base/index.ts';
import { verifySignature } from '../src/crypto/index.ts';
import { DecisionBase, type DecisionRequest, decide, type Explanation } from '../src/decision/index.ts';
import { machineConditions, ratePerCpuSecond, signedSample } from './machine.ts';
import { type Bench, type Row, rounded } from './rows.ts';
import { percentilesOf } from './statistics.ts';
import { consentsPerPatient, type DecisionWorkload, decisionWorkload } from './workload/decisions.ts';

const patients = 500;
const resourcesMany = 20;
const rounds = 12;

/**
 * The consent decision in process. A decision is one resource of one request, with its whole explanation. Beside it what
 * a core of this machine verifies of signatures: in turn with the others, so that their ratio holds on a busy machine too.
 */
export const decision: Bench = async ({ seconds, progress, signal }) => {
  const one = decisionWorkload(patients);
  const many = decisionWorkload(patients, resourcesMany);
  const conditions =
    `${consentsPerPatient} consents a patient of ${consentsPerPatient} shapes, ${patients} patients, ` +
    `${one.requests.length} requests in turn (${mixOf(one)}), one thread, by its own CPU time, ${machineConditions()}`;
  const { signer, message, signature } = signedSample();
  const verify = 'signatures verified';
  const works: Readonly<Record<string, () => void>> = {
    'checked-once': overBase(one, () => undefined),
    'checked-once/as-json': overBase(one, (explanation) => void JSON.stringify(explanation)),
    [`checked-once/${resourcesMany}-resources`]: overBase(many, () => undefined),
    raw: raw(one),
    [verify]: () => verifySignature(signer.publicKey, message, signature),
  };
  const names = Object.keys(works);
  const slices = new Map(names.map((name): [string, number[]] => [name, []]));
  const rateOf = (name: string, share: number): number => {
    signal.throwIfAborted();
    return ratePerCpuSecond((share * seconds) / (2 * names.length), present(works[name], 'a work'));
  };
  const measure = (name: string): void => void slices.get(name)?.push(rateOf(name, 1 / rounds));
  // Each kind of work for itself, as a program that does one of them has it; the signatures in turn with all. What the
  // compiler and the collector of what the workload left do in the first second is counted apart.
  const first = new Map<string, number>();
  for (const name of names.filter((other) => other !== verify)) {
    progress(`${name} …`);
    first.set(name, rateOf(name, 1));
    for (let round = 0; round < rounds; round++) for (const each of [name, verify]) measure(each);
  }
  const typical = (name: string): number => percentilesOf(present(slices.get(name), 'measured')).p50;
  const best = (name: string): number => Math.max(...present(slices.get(name), 'measured'));
  const each = names.filter((name) => name !== verify);
  const row = (name: string, value: number, unit: string, how: string): Row => ({
    name: `decision/${name}`,
    value: rounded(value),
    unit,
    conditions: `${how}, ${conditions}`,
  });
  const perCall = (name: string): number => (name.endsWith('-resources') ? resourcesMany : 1);
  return [
    ...each.map((name) => row(name, perCall(name) * typical(name), '1/s per core', `median of ${rounds} slices`)),
    ...each.map((name) => row(`${name}/best`, perCall(name) * best(name), '1/s per core', `best of ${rounds} slices`)),
    row('checked-once/first', present(first.get('checked-once'), 'measured'), '1/s per core', 'before the slices'),
    row('per-signature', typical('checked-once') / typical(verify), 'decisions a verified signature', 'of the medians'),
  ];
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
