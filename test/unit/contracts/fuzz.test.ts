import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { builtInContracts, describeEntry, purposeTextMax } from '../../../src/contracts/index.ts';
import { type CanonicalValue, decodeCanonical, encodeCanonical } from '../../../src/contracts/ledger-types.ts';
import { encodeNodeId } from '../../../src/crypto/portable.ts';
import { Draw } from './draw.ts';
import { identities } from './identity-support.ts';
import { type Access, hex, hourMs, policy, type World, world } from './support.ts';

/**
 * Whatever passes the check of its shape is executed: an exception there would stop every node at the same block. The
 * test ledger itself checks that the same transaction comes to the same result twice, that a refusal writes nothing, and
 * that keys and values keep the bounds of the ledger.
 */

const nodes = ['north-node', 'south-node', 'west-node', 'east-node'] as const;
const people = [
  'north',
  'south',
  'north-gateway',
  'south-gateway',
  'kay',
  'eve',
  'rae',
  'pia',
  'ana',
  'ben',
  'zoe',
] as const;
const names = ['north-records', 'south-records', 'x'.repeat(64), 'north', 'south', '0.-0'];
const actors = [
  'member:north',
  'member:west',
  `member:${'a'.repeat(73)}`,
  'role:clinician',
  'role:emergency-physician',
];
const otherPurpose = `urn:x|${'y'.repeat(purposeTextMax - 6)}`;
const asked = ['TREAT', 'BTG', 'HRESCH', 'http://hl7.org/fhir/v3/ActReason|TREAT', otherPurpose];
const addresses = ['node.example:4001', '[2001:db8::1]:65535'];
const bytes = [hex('a', 16), hex('b', 16), hex('c'), hex('d', 32) + hex('e', 32), 'c0', '00'.repeat(512)];

/** A JSON form after the schema; leaves are those of `texts` that fit. */
function drawJson(draw: Draw, schema: z.ZodType, texts: readonly string[], nowMs: number): unknown {
  const again = (inner: unknown): unknown => drawJson(draw, inner as z.ZodType, texts, nowMs);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodExactOptional || schema instanceof z.ZodDefault)
    return draw.once(2) ? undefined : again(schema.unwrap());
  if (schema instanceof z.ZodObject) {
    const fields = Object.entries(schema.shape).map(([field, inner]) => [field, again(inner)] as const);
    return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
  }
  if (schema instanceof z.ZodArray)
    return Array.from({ length: draw.once(20) ? draw.below(70) : draw.below(3) }, () => again(schema.element));
  if (schema instanceof z.ZodEnum) return draw.from(schema.options);
  if (schema instanceof z.ZodBoolean) return draw.once(2);
  if (schema instanceof z.ZodNumber) {
    const times = [nowMs - 1, nowMs, nowMs + 1, nowMs + hourMs, nowMs + 4 * hourMs, Number.MAX_SAFE_INTEGER];
    return draw.from([0, 1, 2, 3, 8, 15, 24, ...times]);
  }
  return draw.from([...texts.filter((text) => schema.safeParse(text).success), 'UTC']);
}

/** What was done so far: ids by kind. */
type Done = Map<string, string[]>;

/** Of each kind, what lets it get far: who may send it, and what the schema alone would rarely hit. */
function likely(draw: Draw, kind: string, made: World, done: Done): { sender: string; change: object } {
  const { ledger } = made;
  const domain = 'north-records';
  const subject = ledger.actor('ana').did;
  const granted = [...(done.get('consent.grant') ?? []), ...(done.get('consent.supersede') ?? [])];
  const eventId = hex(`event ${draw.below(1000)}`, 16);
  switch (kind) {
    case 'access.record':
      return { sender: 'north-gateway', change: made.accessPayload(drawAccess(draw, done)) };
    case 'access.recordBatch': {
      const accesses = Array.from({ length: 1 + draw.below(2) }, () => drawAccess(draw, done));
      return { sender: 'north-gateway', change: made.batchPayload(accesses) };
    }
    case 'access.breakGlass': {
      const emergency = { role: 'emergency-physician', organisation: 'north', categories: ['allergies'] };
      return { sender: 'eve', change: { ...emergency, domain, subject, expiresAt: ledger.nowMs + hourMs } };
    }
    case 'consent.grant':
      return { sender: 'ana', change: { domain, subject: undefined, ...drawConsent(draw) } };
    case 'consent.refuse': {
      const provision = { type: 'deny', purposes: ['HRESCH'] };
      return { sender: 'ana', change: { domain, subject: undefined, provision } };
    }
    case 'consent.supersede': {
      const supersedes = [draw.from([hex('none'), ...granted])];
      return { sender: 'ana', change: { domain, subject: undefined, supersedes, ...drawConsent(draw) } };
    }
    case 'consent.amend':
      return {
        sender: 'ana',
        change: { consent: draw.from([hex('none'), ...granted]), ifVersion: 1, ...drawConsent(draw) },
      };
    case 'consent.revoke':
      return { sender: 'ana', change: { consent: draw.from([hex('none'), ...granted]), ifVersion: undefined } };
    case 'credential.suspend':
    case 'credential.resume':
      return { sender: 'north', change: { credential: (done.get('credential.issue') ?? [hex('none')])[0] } };
    case 'credential.revoke':
      return { sender: 'north', change: { credential: done.get('credential.issue')?.at(-1) ?? hex('none') } };
    case 'enrolment.domain':
      return { sender: 'north', change: { domain: 'north-trials', policy, ifVersion: draw.below(3) } };
    case 'access.reviewBreakGlass':
    case 'access.answerDispute':
      return { sender: 'pia', change: { eventId, domain, subject, entry: draw.below(3) } };
    case 'access.dispute':
      return { sender: 'ana', change: { eventId, domain, subject, entry: draw.below(3) } };
    case 'access.correct':
      return { sender: 'pia', change: { eventId, domain, subject, entry: draw.below(3), kind: 'wrong-subject' } };
    case 'access.recordLate':
      return { sender: 'pia', change: { eventId, domain, subject, occurredAt: ledger.nowMs - 1 } };
    case 'record.enteredInError': {
      const change = { domain, subject, anchoredBy: ledger.actor('north-gateway').did };
      return { sender: 'pia', change: { ...change, eventIds: [draw.from(bytes.slice(0, 2))] } };
    }
    case 'record.anchor':
      return { sender: 'north-gateway', change: { domain, ...(draw.once(4) ? {} : { subject }) } };
    case 'enrolment.unlink':
      return { sender: 'north-gateway', change: { domain, subject: ledger.actor('zoe').did } };
    case 'enrolment.changeKeyHolder':
      return { sender: 'ana', change: { domain, subject, keyHolder: draw.from(['proxy', 'custodian']) } };
    case 'enrolment.agreeToMerge':
      return { sender: 'ana', change: { domain, surviving: ledger.actor('zoe').did, until: ledger.nowMs + hourMs } };
    case 'enrolment.merge':
    case 'enrolment.unmerge': {
      const [surviving, absorbed] = draw.once(2) ? (['ana', 'zoe'] as const) : (['zoe', 'ana'] as const);
      const pair = { surviving: ledger.actor(surviving).did, absorbed: ledger.actor(absorbed).did };
      return { sender: 'north-gateway', change: { domain, ...pair } };
    }
    case 'governance.propose':
      return { sender: 'north', change: drawProposal(draw, made) };
    case 'governance.vote':
    case 'governance.withdraw': {
      const proposal = done.get('governance.propose')?.at(-1) ?? hex('none');
      return { sender: kind === 'governance.vote' ? 'south' : 'north', change: { proposal } };
    }
    case 'governance.retireNode':
      return { sender: 'south', change: { nodeKey: encodeNodeId(ledger.actor('south-node').key) } };
    case 'governance.replaceNode': {
      const nodeId = (name: string) => encodeNodeId(ledger.actor(name).key);
      return { sender: 'south', change: { nodeKey: nodeId('south-node'), newNodeKey: nodeId(draw.from(nodes)) } };
    }
    case 'identity.rotate': {
      const they = identities(made);
      const sender = draw.from(['kay', 'guardian-1']);
      const rotated = `key ${draw.below(1000)}`;
      return { sender, change: { ...they.possession(rotated, { subject: sender }), ifVersion: they.version(sender) } };
    }
    case 'identity.setGuardians': {
      const guardians = draw.once(3) ? ['guardian-1'] : ['guardian-1', 'guardian-2'];
      const plan = { threshold: 1, guardians: guardians.map((name) => ledger.actor(name).did), delayMs: 24 * hourMs };
      return { sender: 'ana', change: { plan, ifVersion: identities(made).version() } };
    }
    case 'identity.openRecovery': {
      const possession = identities(made).possession(`key ${draw.below(1000)}`);
      return { sender: draw.from(['guardian-1', 'guardian-2']), change: { subject, ...possession } };
    }
    case 'identity.approveRecovery':
    case 'identity.finishRecovery': {
      const recovery = done.get('identity.openRecovery')?.at(-1) ?? hex('none');
      return { sender: draw.from(['guardian-1', 'guardian-2']), change: { subject, recovery } };
    }
    case 'identity.vetoRecovery':
      return { sender: 'ana', change: {} };
    case 'identity.deactivate':
      return { sender: 'ben', change: { ifVersion: identities(made).version('ben') } };
    case 'identity.addDelegate':
    case 'identity.removeDelegate':
      return { sender: 'ana', change: { subject, delegate: ledger.actor('delegate').did } };
    case 'credential.issue':
      return { sender: 'north', change: {} };
    case 'credential.joinGroup':
    case 'credential.leaveGroup':
      return { sender: 'north', change: { agent: subject, group: draw.from(['ward', 'team']) } };
    case 'enrolment.link':
      return { sender: 'north-gateway', change: { domain, subject: ledger.actor('zoe').did, keyHolder: 'custodian' } };
    default:
      return { sender: 'north-gateway', change: { domain } };
  }
}

/** Something that members can decide, whole: other fields than the action's own are refused. */
function drawProposal(draw: Draw, { ledger }: World): object {
  const nodeKey = encodeNodeId(ledger.actor(draw.from(nodes)).key);
  const [member, governanceKey] = [draw.from(['north', 'south', 'west']), ledger.actor(draw.from(people)).did];
  return draw.from([
    { action: 'node-add', nodeKey, member },
    { action: draw.from(['node-promote', 'node-demote', 'node-remove', 'node-retire']), nodeKey },
    { action: draw.from(['changes-drop', 'rules-cancel']) },
    { action: 'member-add', member: 'west', governanceKey },
    { action: 'member-rekey', member: 'west', governanceKey },
    { action: 'member-remove', member: 'west' },
    { action: 'role-issuers', role: 'device', issuers: ['north'] },
    { action: 'parameter-set', parameter: 'governance.proposalPauseMs', value: draw.below(hourMs) },
    { action: 'domain-hand-over', domain: 'south-records', member },
    { action: 'rules-activate', ruleSet: `assent-rules/${draw.below(9)}`, height: ledger.height + draw.below(50) },
  ]);
}

/** A transaction from the schema of its kind; most have what lets them get far. */
function drawTransaction(draw: Draw, kind: string, made: World, done: Done): { sender: string; wire: CanonicalValue } {
  const { ledger } = made;
  const dids = people.map((person) => ledger.actor(person).did);
  const nodeIds = nodes.map((node) => encodeNodeId(ledger.actor(node).key));
  const known = [...dids, ...nodeIds, ...addresses, ...bytes, ...names, ...actors, ...asked];
  const texts = [...[...done.values()].flat(), ...known];
  const json = drawJson(draw, builtInContracts.kind(kind)?.schema ?? z.strictObject({}), texts, ledger.nowMs);
  const { sender, change } = likely(draw, kind, made, done);
  const drawn = kind === 'governance.propose' ? {} : (json as object);
  const payload = draw.once(4) ? json : withoutAbsent({ ...drawn, ...change });
  try {
    const shaped = builtInContracts.payloadFromJson(kind, payload);
    return { sender: draw.once(4) ? draw.from(people) : sender, wire: draw.once(5) ? mutated(draw, shaped) : shaped };
  } catch (thrown) {
    // A list beyond its bound, say: the client is told so, and another is drawn.
    expect(thrown).toMatchObject({ code: 'transaction-payload-invalid' });
    return drawTransaction(draw, kind, made, done);
  }
}

/** What a likely payload states as undefined, it leaves out. */
function withoutAbsent(payload: object): object {
  return Object.fromEntries(Object.entries(payload).filter(([, value]) => value !== undefined));
}

/** Often a content that the rules let pass. */
function drawConsent(draw: Draw): object {
  if (draw.once(3)) return {};
  const type = draw.from(['permit', 'deny', 'deny']);
  const nested = draw.once(2) ? [{ parent: 0, type: 'deny', purposes: ['HRESCH'] }] : [];
  return { provision: { type, purposes: ['TREAT'] }, nested };
}

function drawAccess(draw: Draw, done: Done): Partial<Access> {
  const emergency = draw.once(2);
  const consent = draw.from([hex('none'), ...(done.get('consent.grant') ?? [])]);
  return {
    agent: emergency ? 'eve' : draw.from(['kay', 'rae']),
    role: emergency ? 'emergency-physician' : draw.from(['clinician', 'researcher', 'gateway']),
    subject: draw.from(['ana', 'ana', 'ben']),
    purpose: draw.from(['TREAT', 'BTG', 'HRESCH', otherPurpose]),
    event: draw.from(['one', 'two', `event ${draw.below(1000)}`]),
    resource: draw.from(['one', 'two']),
    results: draw.once(3) ? [{ consent, version: 1, results: 1 + draw.below(15), namesBreakGlass: draw.once(2) }] : [],
    inEmergencyCategory: draw.once(2),
  };
}

const strange: readonly CanonicalValue[] = [
  ...[null, true, false, 0, -1, 128, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  ...['', 'permit', 'BTG', 'north-records', 'member:', 'did:assent:z1', 'ü'.repeat(40), 'a\n', '__proto__'],
  ...[0, 1, 16, 31, 32, 33, 64].map((length) => new Uint8Array(length)),
  ...[[], [[]], [1, null, [null]]],
];

/** The same wire form with one place, at any depth, put to something else, taken out or doubled. */
function mutated(draw: Draw, wire: CanonicalValue): CanonicalValue {
  if (!Array.isArray(wire) || wire.length === 0 || draw.once(4)) return draw.from(strange);
  const items = wire as readonly CanonicalValue[];
  const place = draw.below(items.length);
  const item = items[place] ?? null;
  if (draw.once(4)) return items.toSpliced(place, 1);
  return draw.once(4) ? items.toSpliced(place, 0, item) : items.with(place, mutated(draw, item));
}

/** Runs drawn transactions on one ledger; counts those that had an effect. */
function play(draw: Draw, steps: number, effective: Map<string, number>): void {
  const made = world({ ...policy, openCategories: draw.once(2) });
  const { ledger } = made;
  const done: Done = new Map();
  for (let step = 0; step < steps; step++) {
    const kind = draw.from(builtInContracts.kindNames);
    const drawn = drawTransaction(draw, kind, made, done);
    const wire = decodeCanonical(encodeCanonical(drawn.wire));
    if (ledger.executor.checkPayload({ kind, payload: wire }) !== undefined) continue;
    const json = builtInContracts.payloadToJson(kind, wire);
    expect(builtInContracts.payloadFromJson(kind, json)).toEqual(wire);
    const result = ledger.submit(drawn.sender, kind, json);
    if (!result.ok) continue;
    done.set(kind, [...(done.get(kind) ?? []), result.id]);
    effective.set(kind, (effective.get(kind) ?? 0) + 1);
    if (draw.once(3)) ledger.enact();
    ledger.nowMs += draw.from([0, 1, hourMs, 12 * hourMs]);
  }
  for (const person of people)
    for (const stream of ['access', 'timeline', 'consents', 'credentials', 'enrolment'])
      for (const entry of ledger.stream(`${stream}:${ledger.actor(person).keyHex}`)) describeEntry(entry);
}

describe('whatever passes the check of its shape', () => {
  it('executes without an exception, in any state, the same twice, within the bounds of the ledger', () => {
    const effective = new Map<string, number>();
    const run = (seed: number): void => play(new Draw(seed), 5 * builtInContracts.kindNames.length, effective);
    fc.assert(fc.property(fc.noShrink(fc.integer()), run), { numRuns: 15, seed: 4 });
    // The states were not empty ones: every kind had an effect.
    expect([...effective.keys()].sort()).toEqual([...builtInContracts.kindNames].sort());
  });

  it('and the check itself answers for any value', () => {
    const { executor } = world().ledger;
    const check = (seed: number): void => {
      const draw = new Draw(seed);
      const wire = [1, ...Array.from({ length: draw.below(9) }, () => draw.from(strange))];
      for (const kind of builtInContracts.kindNames)
        expect(['string', 'undefined']).toContain(typeof executor.checkPayload({ kind, payload: wire }));
    };
    fc.assert(fc.property(fc.noShrink(fc.integer()), check), { numRuns: 500 });
  });
});
