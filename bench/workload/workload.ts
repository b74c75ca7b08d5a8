import { present, toHex } from '../../src/base/index.ts';
import {
  buildTransaction,
  type Identity,
  identityOf,
  type SignedTransaction,
  signAccessRequest,
} from '../../src/client/index.ts';
import { builtInContracts } from '../../src/contracts/index.ts';
import { createSigner, generateSeed, randomBytes } from '../../src/crypto/index.ts';
import type { TransactionKind } from '../rows.ts';
import { type Custodian, custodians } from './consortium.ts';

/** Signed well before they are sent, and still inside the ten minutes that a block allows. */
const validForMs = 9 * 60_000;

interface Subject {
  readonly identity: Identity;
  readonly custodian: Custodian;
}

/** Everybody who signs, and what they sign. Subjects take turns, so that no one's records grow out of proportion. */
export class Workload {
  readonly #ledgerId: Uint8Array;
  readonly #custodians: readonly Custodian[] = custodians();
  readonly #subjects: readonly Subject[];
  #turn = 0;

  constructor(ledgerId: Uint8Array, subjectCount: number) {
    this.#ledgerId = ledgerId;
    this.#subjects = Array.from({ length: subjectCount }, (_, index) => ({
      identity: identityOf(generateSeed(), createSigner),
      custodian: present(this.#custodians[index % this.#custodians.length], 'there are custodians'),
    }));
  }

  /** Credentials of gateways and clinicians; everything else needs them. */
  appointments(): SignedTransaction[] {
    return this.#custodians.flatMap(({ governance, gateway, clinician, domain }) => [
      this.#sign(governance, 'credential.issue', { agent: gateway.did, role: 'gateway', domain }),
      this.#sign(governance, 'credential.issue', { agent: clinician.did, role: 'clinician' }),
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
  #access({ identity, custodian }: Subject): SignedTransaction {
    const request = signAccessRequest(this.#ledgerId, custodian.clinician, {
      eventId: toHex(randomBytes(16)),
      role: 'clinician',
      organisation: custodian.member,
      subject: identity.did,
      domain: custodian.domain,
      resource: toHex(randomBytes(32)),
      purpose: 'TREAT',
      action: 'access',
      validUntil: Date.now() + validForMs,
    });
    return this.#sign(custodian.gateway, 'access.record', {
      ...request,
      results: [],
      inEmergencyCategory: false,
    });
  }

  #sign(sender: Identity, kind: string, payload: unknown): SignedTransaction {
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
