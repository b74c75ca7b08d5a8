import { present, toHex } from '../../src/base/index.ts';
import { AssentClient, buildTransaction, type Identity, identityOf, receiptOf } from '../../src/client/index.ts';
import { builtInContracts } from '../../src/contracts/index.ts';
import { createSigner, generateSeed, randomBytes } from '../../src/crypto/index.ts';
import { type Custodian, custodians } from './consortium.ts';

const validForMs = 5 * 60_000;
/** Sent at once. */
const batchTransactions = 200;

/** Somebody with consents, about whom decisions are asked. */
export interface AskedSubject {
  readonly identity: Identity;
  readonly custodian: Custodian;
}

/** Subjects with ten consents each, linked and granted over the API; what is asked about them, and what they revoke. */
export class AskedSubjects {
  readonly #client: AssentClient;
  readonly #ledgerId: Uint8Array;
  readonly #custodians = custodians();
  #subjects: readonly AskedSubject[] = [];

  constructor(url: string, ledgerId: Uint8Array) {
    this.#client = new AssentClient({ nodes: [url] });
    this.#ledgerId = ledgerId;
  }

  get count(): number {
    return this.#subjects.length;
  }

  subject(place: number): AskedSubject {
    return present(this.#subjects[place % this.#subjects.length], 'there are subjects');
  }

  async enrol(count: number, consentsEach: number): Promise<void> {
    const subjects = Array.from({ length: count }, (_, place) => ({
      identity: identityOf(generateSeed(), createSigner),
      custodian: present(this.#custodians[place % this.#custodians.length], 'there are custodians'),
    }));
    await this.#sendAll(
      subjects.map(({ identity, custodian: { gateway, domain } }) =>
        this.#sign(gateway, 'enrolment.link', {
          domain,
          subject: identity.did,
          chart: toHex(randomBytes(32)),
          keyHolder: 'subject',
        }),
      ),
    );
    this.#subjects = subjects;
    const grants = subjects.flatMap((subject) =>
      Array.from({ length: consentsEach }, (_, number) => this.#grant(subject, number)),
    );
    await this.#sendAll(grants);
  }

  /** The JSON of a question about a subject: a clinician of its custodian asks, for treatment. */
  question(place: number): object {
    const { identity, custodian } = this.subject(place);
    return {
      agent: custodian.clinician.did,
      role: 'clinician',
      organisation: custodian.member,
      subject: identity.did,
      domain: custodian.domain,
      purpose: 'TREAT',
      action: 'access',
    };
  }

  /** A consent without which the question is denied. */
  async permit(place: number): Promise<{ readonly id: string; readonly height: number }> {
    const subject = this.subject(place);
    const { custodian, identity } = subject;
    const provision = { type: 'permit', actors: [`member:${custodian.member}`], purposes: ['TREAT'] };
    const signed = this.#sign(identity, 'consent.grant', { domain: custodian.domain, provision });
    return receiptOf(await this.#client.submit(signed));
  }

  /** Revokes through one node; resolves with the height when that node says it is committed, or in force. */
  async revoke(place: number, consent: string, url: string, wait: 'committed' | 'in-force'): Promise<number> {
    const client = new AssentClient({ nodes: [url] });
    const signed = this.#sign(this.subject(place).identity, 'consent.revoke', { consent });
    const outcome = await client.submit(signed, { wait });
    const { height } = receiptOf(outcome);
    if (wait === 'in-force' && !(outcome.status === 'committed' && outcome.inForce?.inForce === true))
      throw new Error(`not in force: ${JSON.stringify(outcome)}`);
    return height;
  }

  /** Of ten consents none permits treatment: each question walks all of them. */
  #grant({ identity, custodian }: AskedSubject, number: number): ReturnType<typeof buildTransaction> {
    const researcher = { type: 'permit', actors: ['role:researcher'], purposes: ['HRESCH'] };
    const nested = [{ parent: 0, type: 'deny', actors: [`member:${custodian.member}`], purposes: ['CLINTRCH'] }];
    const sealed = { type: 'permit', purposes: ['HPAYMT'], sealed: toHex(randomBytes(32)) };
    const content = number % 2 === 0 ? { provision: researcher, nested } : { provision: sealed };
    return this.#sign(identity, 'consent.grant', { domain: custodian.domain, ...content });
  }

  async #sendAll(transactions: readonly ReturnType<typeof buildTransaction>[]): Promise<void> {
    for (let from = 0; from < transactions.length; from += batchTransactions) {
      const batch = transactions.slice(from, from + batchTransactions);
      for (const outcome of await this.#client.submitBatch(batch)) receiptOf(outcome);
    }
  }

  #sign(sender: Identity, kind: string, payload: object): ReturnType<typeof buildTransaction> {
    return buildTransaction({
      ledgerId: this.#ledgerId,
      kind,
      payload: builtInContracts.payloadFromJson(kind, payload),
      validUntil: Date.now() + validForMs,
      signer: sender.signer,
      salt: randomBytes(16),
    });
  }
}
