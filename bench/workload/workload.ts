import { present, toHex } from '../../src/base/index.ts';
import {
  type BatchedAccess,
  buildTransaction,
  type Identity,
  identityOf,
  type SignedAccessRequest,
  type SignedTransaction,
  sealAccesses,
  signAccessRequest,
} from '../../src/client/index.ts';
import { builtInContracts, result } from '../../src/contracts/index.ts';
import { createSigner, generateSeed, randomBytes } from '../../src/crypto/index.ts';
import type { TransactionKind } from '../rows.ts';
import { type Custodian, custodians } from './consortium.ts';

/** Signed well before they are sent, and still inside the ten minutes that a block allows. */
const validForMs = 9 * 60_000;

/** RFC 9562, UUID version 7: ids that begin with their time cost the ledger least. */
function newEventId(nowMs: number): string {
  const id = randomBytes(16);
  new DataView(id.buffer, id.byteOffset).setUint32(0, Math.floor(nowMs / 0x1_0000));
  new DataView(id.buffer, id.byteOffset).setUint16(4, nowMs % 0x1_0000);
  id[6] = 0x70 | ((id[6] as number) & 0x0f);
  id[8] = 0x80 | ((id[8] as number) & 0x3f);
  return toHex(id);
}

/** Of one batch of accesses. */
export interface BatchSize {
  readonly entries: number;
  /** Entries of one subject, next to one another. */
  readonly perSubject: number;
}

interface Subject {
  readonly identity: Identity;
  readonly custodian: Custodian;
  /** Id of the consent that {@link Workload.consents} granted. */
  consent: string | undefined;
}

/** Everybody who signs, and what they sign. Subjects take turns, so that no one's records grow out of proportion. */
export class Workload {
  readonly #ledgerId: Uint8Array;
  readonly #nowMs: () => number;
  readonly #custodians: readonly Custodian[] = custodians();
  readonly #subjects: readonly Subject[];
  #turn = 0;
  #patientTurn = 0;

  constructor(ledgerId: Uint8Array, subjectCount: number, nowMs: () => number = () => Date.now()) {
    this.#ledgerId = ledgerId;
    this.#nowMs = nowMs;
    this.#subjects = Array.from({ length: subjectCount }, (_, index) => ({
      identity: identityOf(generateSeed(), createSigner),
      custodian: present(this.#custodians[index % this.#custodians.length], 'there are custodians'),
      consent: undefined,
    }));
  }

  /** Credentials of gateways and clinicians; everything else needs them. */
  appointments(): SignedTransaction[] {
    return this.#custodians.flatMap(({ governance, gateway, staff, domain }) => [
      this.#sign(governance, 'credential.issue', { agent: gateway.did, role: 'gateway', domain }),
      ...staff.map(({ did }) => this.#sign(governance, 'credential.issue', { agent: did, role: 'clinician' })),
    ]);
  }

  /** Links every subject to a chart of its custodian. */
  links(): SignedTransaction[] {
    return this.#subjects.map(({ identity, custodian }) =>
      this.#sign(custodian.gateway, 'enrolment.link', {
        domain: custodian.domain,
        subject: identity.did,
        chart: toHex(randomBytes(32)),
        keyHolder: 'subject',
      }),
    );
  }

  /** The next subject's transaction. */
  next(kind: TransactionKind): SignedTransaction {
    const subject = present(this.#subjects[this.#turn % this.#subjects.length], 'there are subjects');
    this.#turn += 1;
    return kind === 'consent.grant' ? this.#grant(subject) : this.#access(subject);
  }

  /** A consent of each subject for its custodian's clinicians, with a sealed scope. */
  consents(): SignedTransaction[] {
    return this.#subjects.map((subject) => {
      const granted = this.#grant(subject);
      subject.consent = granted.id;
      return granted;
    });
  }

  get subjects(): readonly string[] {
    return this.#subjects.map(({ identity }) => identity.did);
  }

  /** The next batch of a custodian's gateway: so many accesses of each subject, every subject's by one of its clinicians. */
  batch({ entries, perSubject }: BatchSize): SignedTransaction {
    const custodian = present(this.#custodians[this.#turn % this.#custodians.length], 'there are custodians');
    this.#turn += 1;
    const accesses: BatchedAccess[] = [];
    while (accesses.length < entries) {
      const subject = present(this.#subjects[this.#patientTurn % this.#subjects.length], 'there are subjects');
      const clinician = present(custodian.staff[this.#patientTurn % custodian.staff.length], 'there are clinicians');
      this.#patientTurn += 1;
      if (subject.custodian !== custodian) continue;
      const results =
        subject.consent === undefined
          ? []
          : [{ consent: subject.consent, version: 1, results: result.permit, namesBreakGlass: false }];
      for (let count = 0; count < perSubject && accesses.length < entries; count++)
        accesses.push({ ...this.#request(subject, clinician), results });
    }
    const { payload } = sealAccesses({
      ledgerId: this.#ledgerId,
      gateway: custodian.gateway,
      accesses,
      verify: () => true,
    });
    return this.#sign(custodian.gateway, 'access.recordBatch', payload);
  }

  #grant({ identity, custodian }: Subject): SignedTransaction {
    return this.#sign(identity, 'consent.grant', {
      domain: custodian.domain,
      provision: {
        type: 'permit',
        actors: [`member:${custodian.member}`],
        purposes: ['TREAT'],
        actions: ['access'],
        sealed: toHex(randomBytes(32)),
      },
    });
  }

  /** Carries a second signature, the agent's, which every voter verifies while it executes. */
  #access(subject: Subject): SignedTransaction {
    const { gateway, clinician } = subject.custodian;
    const request = this.#request(subject, clinician);
    return this.#sign(gateway, 'access.record', { ...request, results: [], inEmergencyCategory: false });
  }

  #request({ identity, custodian }: Subject, clinician: Identity): SignedAccessRequest {
    return signAccessRequest(this.#ledgerId, clinician, {
      eventId: newEventId(this.#nowMs()),
      role: 'clinician',
      organisation: custodian.member,
      subject: identity.did,
      domain: custodian.domain,
      resource: toHex(randomBytes(32)),
      purpose: 'TREAT',
      action: 'access',
      validUntil: this.#nowMs() + validForMs,
    });
  }

  #sign(sender: Identity, kind: string, payload: unknown): SignedTransaction {
    return buildTransaction({
      ledgerId: this.#ledgerId,
      kind,
      payload: builtInContracts.payloadFromJson(kind, payload),
      validUntil: this.#nowMs() + validForMs,
      signer: sender.signer,
      salt: randomBytes(16),
    });
  }
}
