import { toHex, utf8 } from '../../../src/base/index.ts';
import { type BatchedAccess, sealAccesses } from '../../../src/client/index.ts';
import {
  accessRequestMessage,
  createdId,
  encodeAccessRequest,
  type TestLedger,
  type TestResult,
  testLedger,
} from '../../../src/contracts/index.ts';
import { sha256 } from '../../../src/crypto/portable.ts';

export const hourMs = 3_600_000;

/** Hex of as many bytes as asked for, different for every label. */
export function hex(label: string, length = 32): string {
  return toHex(sha256(utf8(label)).subarray(0, length));
}

/** 32 bytes, different for every label. */
export function fromText(label: string): Uint8Array {
  return sha256(utf8(label));
}

export const policy = {
  implicit: 'deny',
  timeZone: 'Europe/Madrid',
  roles: [
    { role: 'clinician', purposes: ['TREAT'] },
    { role: 'emergency-physician', purposes: ['TREAT'] },
    { role: 'researcher', purposes: ['HRESCH'] },
  ],
  emergency: { roles: ['emergency-physician'], maxHours: 4, honourDeny: true },
} as const;

export interface World {
  readonly ledger: TestLedger;
  /** Grants a consent as the subject; the id of the consent. */
  grant(provision: Record<string, unknown>, subject?: string): string;
  /** The gateway records an access that the agent asked and signed for. */
  access(change?: Partial<Access>): TestResult;
  accessPayload(change?: Partial<Access>): Record<string, unknown>;
  /** The same of many, under one signature of the gateway. */
  batchPayload(changes: readonly Partial<Access>[], gateway?: string): Record<string, unknown>;
  batch(changes: readonly Partial<Access>[], gateway?: string): TestResult;
  breakGlass(change?: Record<string, unknown>, agent?: string): TestResult;
}

export interface Access {
  readonly agent: string;
  readonly signedBy: string;
  readonly gateway: string;
  readonly subject: string;
  readonly role: string;
  readonly organisation: string;
  readonly domain: string;
  readonly purpose: string;
  readonly action: string;
  readonly event: string;
  readonly resource: string;
  readonly validUntil: number;
  readonly results: readonly Record<string, unknown>[];
  readonly category: string | undefined;
  readonly inEmergencyCategory: boolean;
}

/** Two hospitals; patients ana (north) and ben (south); Dr Kay treats at north, Dr Eve works in its emergency room, Pia is its privacy officer. */
export function world(domainPolicy: Record<string, unknown> = policy): World {
  const ledger = testLedger({
    members: ['north', 'south'],
    nodes: { 'north-node': { member: 'north', role: 'voter' }, 'south-node': { member: 'south', role: 'voter' } },
    domains: {
      'north-records': { custodian: 'north', policy: domainPolicy },
      'south-records': { custodian: 'south', policy },
    },
  });
  const did = (name: string): string => ledger.actor(name).did;
  const issue = (member: string, agent: string, role: string): void => {
    createdId(ledger.submit(member, 'credential.issue', { agent: did(agent), role }), 'credential');
  };
  issue('north', 'north-gateway', 'gateway');
  issue('south', 'south-gateway', 'gateway');
  issue('north', 'kay', 'clinician');
  issue('north', 'eve', 'emergency-physician');
  issue('south', 'rae', 'researcher');
  issue('north', 'pia', 'privacy-officer');
  for (const [gateway, domain, subject] of [
    ['north-gateway', 'north-records', 'ana'],
    ['south-gateway', 'south-records', 'ben'],
  ] as const) {
    const payload = { domain, subject: did(subject), chart: hex(`chart ${subject}`), keyHolder: 'subject' };
    ledger.submit(gateway, 'enrolment.link', payload);
  }
  let events = 0;

  function accessPayload(change: Partial<Access> = {}): Record<string, unknown> {
    events += 1;
    const asked = {
      agent: 'kay',
      subject: 'ana',
      role: 'clinician',
      purpose: 'TREAT',
      event: `event ${events}`,
      ...change,
    };
    const request = encodeAccessRequest({
      eventId: hex(asked.event, 16),
      agent: did(asked.agent),
      role: asked.role,
      organisation: asked.organisation ?? 'north',
      subject: did(asked.subject),
      domain: asked.domain ?? 'north-records',
      resource: hex(asked.resource ?? `resource of ${asked.event}`),
      purpose: asked.purpose,
      action: asked.action ?? 'access',
      validUntil: asked.validUntil ?? ledger.nowMs + 60_000,
    });
    const { signer } = ledger.actor(asked.signedBy ?? asked.agent);
    return {
      request: toHex(request),
      requestSignature: toHex(signer.sign(accessRequestMessage(ledger.ledgerId, request))),
      results: asked.results ?? [],
      inEmergencyCategory: asked.inEmergencyCategory ?? false,
      ...(asked.category === undefined ? {} : { category: asked.category }),
    };
  }

  function batchPayload(changes: readonly Partial<Access>[], gateway = 'north-gateway'): Record<string, unknown> {
    const { signer, key } = ledger.actor(gateway);
    const accesses = changes.map((change) => accessPayload(change) as unknown as BatchedAccess);
    const identity = { did: did(gateway), publicKey: key, signer };
    return sealAccesses({ ledgerId: ledger.ledgerId, gateway: identity, accesses, verify: () => true }).payload;
  }

  return {
    ledger,
    accessPayload,
    batchPayload,
    batch: (changes, gateway = 'north-gateway') =>
      ledger.submit(gateway, 'access.recordBatch', batchPayload(changes, gateway)),
    grant(provision, subject = 'ana') {
      const domain = subject === 'ana' ? 'north-records' : 'south-records';
      return createdId(ledger.submit(subject, 'consent.grant', { domain, provision }), 'consent');
    },
    access: (change = {}) => ledger.submit(change.gateway ?? 'north-gateway', 'access.record', accessPayload(change)),
    breakGlass(change = {}, agent = 'eve') {
      events += 1;
      return ledger.submit(agent, 'access.breakGlass', {
        eventId: hex(`glass ${events}`, 16),
        domain: 'north-records',
        subject: did('ana'),
        role: 'emergency-physician',
        organisation: 'north',
        categories: ['allergies'],
        justification: hex('unconscious'),
        expiresAt: ledger.nowMs + 2 * hourMs,
        ...change,
      });
    },
  };
}
