import { describe, expect, it } from 'vitest';
import { identityView } from '../../../src/api/schemas/identities.ts';
import { approvalTimeMs, finishTimeMs } from '../../../src/contracts/identity/state.ts';
import { createdId, describeEntry, isDeactivated, testLedger } from '../../../src/contracts/index.ts';
import { sha256 } from '../../../src/crypto/portable.ts';
import { dayMs, delayMs, type Identities, identities } from './identity-support.ts';
import { hex, world } from './support.ts';

const guardians = ['gia', 'gus', 'gil'] as const;

/** Ana with three guardians, of whom two recover. */
function guarded(): Identities {
  const made = identities();
  expect(made.setGuardians(guardians)).toMatchObject({ ok: true });
  return made;
}

function notices({ ledger }: Identities, subject = 'ana'): unknown[] {
  return ledger.stream(`identity:${ledger.actor(subject).keyHex}`).map((entry) => describeEntry(entry));
}

describe('a rotation', () => {
  it('puts a new key in the place of the current one, and can be followed by another', () => {
    const made = identities();
    expect(made.rotate('key-1')).toMatchObject({ ok: true, output: { sequence: 1, version: 1 } });
    expect(made.keyIs('key-1')).toBe(true);
    expect(made.rotate('key-2')).toMatchObject({ ok: true, output: { sequence: 2, version: 2 } });
    expect(notices(made)).toEqual([
      { type: 'key-rotated', key: made.did('key-1'), sequence: 1, version: 1, at: made.ledger.nowMs },
      { type: 'key-rotated', key: made.did('key-2'), sequence: 2, version: 2, at: made.ledger.nowMs },
    ]);
  });

  it('needs the word of the new key, for this identity, ledger and place of its history', () => {
    const made = identities();
    const attempt = (possession: object) =>
      made.ledger.submit('ana', 'identity.rotate', { ...possession, ifVersion: 0 }).code;
    expect(attempt(made.possession('key-1', { subject: 'ben' }))).toBe('key-not-proved');
    expect(attempt(made.possession('key-1', { ledgerId: sha256(new Uint8Array(1)) }))).toBe('key-not-proved');
    expect(attempt(made.possession('key-1', { sequence: 1 }))).toBe('key-not-proved');
    expect(attempt(made.possession('key-1', { signedBy: 'ana' }))).toBe('key-not-proved');
    expect(attempt(made.possession('key-1', { signedKey: 'key-2' }))).toBe('key-not-proved');
    expect(attempt(made.possession('key-1'))).toBeUndefined();
  });

  it('refuses a key that is or was in use, whoever used it: no key returns, and none links two identities', () => {
    const made = guarded();
    made.rotate('key-1');
    made.rotate('key-2');
    made.rotate('ben-key', 'ben');
    for (const used of ['ana', 'key-1', 'key-2', 'ben', 'ben-key', 'gia', 'kay', 'north'])
      expect(made.rotate(used).code, used).toBe('key-used');
  });

  it('refuses a governance key, a former one too', () => {
    const made = identities();
    const { ledger } = made;
    const rekey = { action: 'member-rekey', member: 'north', governanceKey: made.did('north-2') };
    const proposed = ledger.submit('north', 'governance.propose', rekey);
    ledger.submit('south', 'governance.vote', { proposal: createdId(proposed, 'proposal'), approve: true });
    expect(['north', 'north-2', 'south'].map((key) => made.rotate(key).code)).toEqual(new Array(3).fill('key-used'));
  });

  it('is of the version that it names, and of a person that the ledger knows', () => {
    const made = identities();
    const stale = { ...made.possession('key-1'), ifVersion: 3 };
    expect(made.ledger.submit('ana', 'identity.rotate', stale).code).toBe('version-conflict');
    expect(made.rotate('key-1', 'stranger').code).toBe('identity-unknown');
    expect(made.rotate('key-1', 'north').code).toBe('governance-key');
  });

  it('changes the key and nothing else', () => {
    const made = guarded();
    made.recover('new', ['gia', 'gus']);
    const { ledger } = made;
    const payload = { ...made.possession('key-1'), ifVersion: made.version() };
    expect(ledger.explain('ana', 'identity.rotate', payload).writes).toEqual([
      `identity/recovery/${ledger.actor('ana').keyHex}`,
      `identity/key/${ledger.actor('key-1').keyHex}`,
      `identity/document/${ledger.actor('ana').keyHex}`,
    ]);
    const { guardians: before } = made.show();
    ledger.submit('ana', 'identity.rotate', payload);
    expect(made.show()).toMatchObject({ key: made.did('key-1'), guardians: before });
  });

  it('lets the agent ask with its new key, and no longer with the old one', () => {
    const place = world();
    const { ledger } = place;
    const made = identities(place);
    made.rotate('kay-2', 'kay');
    expect(place.access({ agent: 'kay' }).code).toBe('request-signature-invalid');
    expect(place.access({ agent: 'kay', signedBy: 'kay-2' })).toMatchObject({ ok: true });
    ledger.submit('kay', 'identity.deactivate', { ifVersion: 1 });
    expect(place.access({ agent: 'kay', signedBy: 'kay-2' }).code).toBe('agent-deactivated');
  });
});

describe('a lost key', () => {
  it('is recovered by as many guardians as are needed, after their delay from the approval that reached the threshold', () => {
    const made = guarded();
    const recovery = createdId(made.open('gia', 'new'), 'recovery');
    made.ledger.nowMs += dayMs;
    expect(made.finish('gia', recovery).code).toBe('recovery-not-approved');
    expect(made.approve('gus', recovery)).toMatchObject({
      output: { approvals: 2, threshold: 2, finishableAt: made.ledger.nowMs + delayMs },
    });
    made.ledger.nowMs += delayMs - 1;
    expect(made.finish('gia', recovery).code).toBe('recovery-delayed');
    made.ledger.nowMs += 1;
    expect(made.finish('kay', recovery).code).toBe('not-to-finish');
    expect(made.finish('new', recovery)).toMatchObject({ ok: true, output: { sequence: 1, version: 2 } });
    expect(made.keyIs('new')).toBe(true);
    expect(made.finish('gia', recovery).code).toBe('recovery-not-open');
    expect(notices(made).map((entry) => (entry as { type: string }).type)).toEqual([
      'guardians-set',
      'recovery-opened',
      'recovery-approved',
      'recovery-finished',
    ]);
  });

  it('changes the key and nothing else: no consent, no credential, no delegate, no guardian', () => {
    const made = guarded();
    made.ledger.submit('ana', 'consent.grant', { domain: 'north-records', provision: { type: 'permit' } });
    made.ledger.submit('ana', 'identity.addDelegate', { delegate: made.did('pat'), kind: 'proxy' });
    const recovery = made.recover('new', ['gia', 'gus']);
    const { ledger } = made;
    ledger.nowMs += delayMs;
    const { key: _, sequence, version, recovery: _open, ...rest } = made.show();
    const payload = { subject: made.did('ana'), recovery };
    expect(ledger.explain('gus', 'identity.finishRecovery', payload).writes).toEqual([
      `identity/key/${ledger.actor('new').keyHex}`,
      `identity/document/${ledger.actor('ana').keyHex}`,
      `identity/recovery/${ledger.actor('ana').keyHex}`,
    ]);
    expect(made.finish('gus', recovery)).toMatchObject({ ok: true });
    expect(made.show()).toEqual({
      ...rest,
      key: made.did('new'),
      sequence: Number(sequence) + 1,
      version: Number(version) + 1,
    });
    expect(identityView.parse(made.show())).toEqual(made.show());
    // The new key in its own name is nobody.
    expect(ledger.submit('new', 'consent.grant', { domain: 'north-records', provision: { type: 'permit' } }).code).toBe(
      'subject-not-linked',
    );
  });

  it('a later approval does not begin the delay anew, and one guardian approves once', () => {
    const made = guarded();
    const recovery = made.recover('new', ['gia', 'gus']);
    const finishable = made.ledger.nowMs + delayMs;
    expect(made.approve('gia', recovery).code).toBe('already-approved');
    made.ledger.nowMs += dayMs;
    expect(made.approve('gil', recovery)).toMatchObject({ output: { approvals: 3, finishableAt: finishable } });
  });

  it('keeps the ledger telling the time until what is open is over', () => {
    const made = guarded();
    const latest = () => made.ledger.executor.latestDeadline(made.ledger.state);
    made.recover('new', ['gia', 'gus']);
    expect(latest()).toBe(made.ledger.nowMs + delayMs + finishTimeMs);
  });

  it('is not recovered by a recovery whose time is over', () => {
    const made = guarded();
    const stale = createdId(made.open('gia', 'new'), 'recovery');
    made.ledger.nowMs += approvalTimeMs;
    expect(made.approve('gus', stale).code).toBe('recovery-not-open');
    const recovery = made.recover('new', ['gil', 'gus']);
    made.ledger.nowMs += delayMs + finishTimeMs;
    expect(made.finish('gil', recovery).code).toBe('recovery-not-open');
    expect(made.open('gia', 'new')).toMatchObject({ ok: true });
  });

  it('is replaced by a key of which others said what they liked meanwhile', () => {
    const made = guarded();
    const { ledger } = made;
    const recovery = made.recover('new', ['gia', 'gus']);
    createdId(ledger.submit('south', 'credential.issue', { agent: made.did('new'), role: 'clinician' }), 'credential');
    made.setGuardians(['new', 'strange'], 1, 'kay');
    const linked = { domain: 'south-records', subject: made.did('new'), chart: hex('chart'), keyHolder: 'custodian' };
    expect(ledger.submit('south-gateway', 'enrolment.link', linked).ok).toBe(true);
    ledger.nowMs += delayMs;
    expect(made.finish('gia', recovery).code).toBeUndefined();
    expect(made.keyIs('new')).toBe(true);
  });

  it('cannot be replaced by a key that another identity took meanwhile', () => {
    const made = guarded();
    const recovery = made.recover('new', ['gia', 'gus']);
    expect(made.rotate('new', 'ben')).toMatchObject({ ok: true });
    made.ledger.nowMs += delayMs;
    expect(made.finish('gia', recovery).code).toBe('key-used');
  });

  it('a proof of possession does not serve again once the key has changed', () => {
    const made = guarded();
    const old = { subject: made.did('ana'), ...made.possession('new') };
    made.rotate('key-1');
    expect(made.ledger.submit('gia', 'identity.openRecovery', old).code).toBe('key-not-proved');
  });
});

describe('a stolen key', () => {
  it('cannot shut the guardians out by changing or removing them: they recover meanwhile', () => {
    for (const theirs of [['thief-1', 'thief-2'], []]) {
      const made = guarded();
      const changed = made.setGuardians(theirs);
      expect(changed).toMatchObject({ ok: true, output: { inForceAt: made.ledger.nowMs + delayMs } });
      made.ledger.nowMs += delayMs - 1;
      // Just in time: what the thief decided waits until this recovery has come to its end.
      const recovery = made.recover('new', ['gia', 'gus']);
      made.ledger.nowMs += delayMs;
      expect(made.open('thief-1', 'theirs').code).toBe('not-a-guardian');
      expect(made.finish('gia', recovery)).toMatchObject({ ok: true });
      expect(made.keyIs('new')).toBe(true);
      made.ledger.nowMs += 10 * delayMs;
      expect(made.show()).toMatchObject({ guardians: { guardians: guardians.map(made.did) } });
    }
  });

  it('too late: once the change is in force, the former guardians have no say, and what they opened below the threshold is over', () => {
    const made = guarded();
    made.setGuardians(['hal', 'han'], 1);
    made.ledger.nowMs += delayMs - 1;
    const recovery = createdId(made.open('gia', 'new'), 'recovery');
    made.ledger.nowMs += 1;
    expect(made.approve('gus', recovery).code).toBe('not-a-guardian');
    expect(made.approve('hal', recovery).code).toBe('recovery-not-open');
    expect(made.open('hal', 'new')).toMatchObject({ ok: true, output: { approvals: 1, threshold: 1 } });
  });

  it('cannot destroy the identity before the guardians could save it', () => {
    const made = guarded();
    const decided = made.ledger.submit('ana', 'identity.deactivate', { ifVersion: made.version() });
    expect(decided).toMatchObject({ output: { deactivatesAt: made.ledger.nowMs + delayMs } });
    made.ledger.nowMs += delayMs - 1;
    const recovery = made.recover('new', ['gia', 'gus']);
    made.ledger.nowMs += delayMs;
    expect(made.finish('gia', recovery)).toMatchObject({ ok: true });
    made.ledger.nowMs += delayMs;
    expect(isDeactivated(made.ledger.state, made.ledger.actor('ana').key, made.ledger.nowMs)).toBe(false);
  });

  it('loses to the owner who rotates first; the deactivation that the thief decided is withdrawn', () => {
    const made = guarded();
    made.ledger.submit('ana', 'identity.deactivate', { ifVersion: made.version() });
    expect(made.rotate('key-1')).toMatchObject({ ok: true });
    made.ledger.nowMs += 2 * delayMs;
    expect(isDeactivated(made.ledger.state, made.ledger.actor('ana').key, made.ledger.nowMs)).toBe(false);
  });

  it('a veto lets what was held back take effect', () => {
    const made = guarded();
    made.setGuardians(['hal'], 1);
    made.ledger.nowMs += delayMs - 1;
    made.recover('new', ['gia', 'gus']);
    made.ledger.nowMs += 1;
    expect(made.show()).toMatchObject({ guardians: { guardians: guardians.map(made.did) } });
    made.veto();
    expect(made.show()).toMatchObject({ guardians: { guardians: [made.did('hal')] } });
    expect(made.open('gia', 'new').code).toBe('not-a-guardian');
  });
});

describe('hostile guardians', () => {
  it('below the threshold can do nothing: not finish, not keep the others from recovering', () => {
    const made = guarded();
    const hostile = createdId(made.open('gil', 'theirs'), 'recovery');
    made.ledger.nowMs += delayMs - 1;
    expect(made.finish('gil', hostile).code).toBe('recovery-not-approved');
    made.ledger.nowMs -= delayMs - 2;
    const honest = createdId(made.open('gia', 'new'), 'recovery');
    expect(made.approve('gus', hostile).code).toBe('recovery-not-open');
    expect(made.open('gil', 'theirs').code).toBe('recovery-too-soon');
    expect(made.approve('gus', honest)).toMatchObject({ ok: true });
    made.ledger.nowMs += delayMs;
    expect(made.open('gil', 'theirs').code).toBe('recovery-open');
    expect(made.finish('gus', honest)).toMatchObject({ ok: true });
  });

  it('win the others time to act: whoever is below the threshold runs out of recoveries first', () => {
    const made = guarded();
    createdId(made.open('gia', 'new'), 'recovery');
    expect(made.open('gil', 'theirs')).toMatchObject({ ok: true });
    const honest = createdId(made.open('gus', 'new'), 'recovery');
    expect(made.open('gil', 'theirs').code).toBe('recovery-too-soon');
    expect(made.approve('gia', honest)).toMatchObject({ output: { approvals: 2 } });
  });

  it('with the threshold are stopped by the current key, and each veto in a row doubles the time until the next', () => {
    const made = guarded();
    for (const factor of [1, 2, 4, 8, 16, 16]) {
      made.recover('theirs', ['gil', 'gus']);
      made.ledger.nowMs += delayMs - 1;
      expect(made.veto()).toMatchObject({ ok: true });
      const vetoedAt = made.ledger.nowMs;
      made.ledger.nowMs = vetoedAt + factor * delayMs - 1;
      expect(made.open('gil', 'theirs').code).toBe('recovery-vetoed');
      made.ledger.nowMs += 1;
    }
    expect(made.keyIs('ana')).toBe(true);
    // Others begin anew.
    made.setGuardians(['hal', 'han'], 1);
    made.ledger.nowMs += delayMs;
    expect(made.open('hal', 'new')).toMatchObject({ ok: true });
  });

  it('are stopped by a rotation, too', () => {
    const made = guarded();
    const recovery = made.recover('theirs', ['gil', 'gus']);
    made.rotate('key-1');
    made.ledger.nowMs += delayMs;
    expect(made.finish('gil', recovery).code).toBe('recovery-not-open');
    expect(notices(made)).toContainEqual(expect.objectContaining({ type: 'recovery-vetoed', by: 'rotation' }));
  });

  it('cannot touch an identity that was deactivated', () => {
    const made = guarded();
    made.ledger.submit('ana', 'identity.deactivate', { ifVersion: made.version() });
    made.ledger.nowMs += delayMs;
    expect(made.open('gia', 'new').code).toBe('subject-deactivated');
  });

  it('nobody else opens, approves or vetoes', () => {
    const made = guarded();
    expect(made.open('kay', 'new').code).toBe('not-a-guardian');
    expect(made.open('ana', 'new').code).toBe('not-a-guardian');
    const recovery = createdId(made.open('gia', 'new'), 'recovery');
    expect(made.approve('kay', recovery).code).toBe('not-a-guardian');
    expect(made.ledger.submit('gus', 'identity.vetoRecovery', {}).code).toBe('recovery-not-open');
  });
});

describe('a veto at the end of the delay', () => {
  it('wins when it is executed first, at any time up to the finish, and comes too late after it', () => {
    for (const lateMs of [-1, 0, 1]) {
      const made = guarded();
      const recovery = made.recover('new', ['gia', 'gus']);
      made.ledger.nowMs += delayMs + lateMs;
      expect(made.veto()).toMatchObject({ ok: true });
      expect(made.finish('gia', recovery).code).toBe('recovery-not-open');
      expect(made.keyIs('ana')).toBe(true);
    }
    const made = guarded();
    const recovery = made.recover('new', ['gia', 'gus']);
    made.ledger.nowMs += delayMs;
    expect(made.finish('gia', recovery)).toMatchObject({ ok: true });
    expect(made.veto().code).toBe('recovery-not-open');
    expect(made.keyIs('new')).toBe(true);
  });
});

describe('guardians', () => {
  it('have a delay: none at all would let a change of them outrun what they approved in the same block', () => {
    for (const parameter of ['identity.recoveryDelayMinMs', 'identity.recoveryDelayMaxMs'])
      expect(() => testLedger({ members: ['north'], parameters: { [parameter]: 0 } })).toThrow('not a whole number');
  });

  it('are a plan that can be carried out, within the bounds of the ledger', () => {
    const made = identities();
    expect(made.setGuardians(['gia'], 2).code).toBe('guardians-unclear');
    expect(made.setGuardians(['gia', 'gia'], 1).code).toBe('guardians-unclear');
    expect(made.setGuardians([]).code).toBe('no-guardians');
    expect(made.setGuardians(['gia'], 1, 'ana', dayMs - 1).code).toBe('delay-out-of-bounds');
    expect(made.setGuardians(['gia'], 1, 'ana', 30 * dayMs + 1).code).toBe('delay-out-of-bounds');
    expect(made.setGuardians(['gia'], 1, 'ana', dayMs)).toMatchObject({
      ok: true,
      output: { inForceAt: made.ledger.nowMs },
    });
  });

  it('serve one identity and are nobody else, so that they link no two', () => {
    const made = guarded();
    expect(made.setGuardians(['gia'], 1, 'ben').code).toBe('servant-not-fresh');
    for (const known of ['ana', 'ben', 'kay', 'north'])
      expect(made.setGuardians([known], 1).code, known).toBe('servant-not-fresh');
    // The same again are still theirs, also after they changed their own key.
    made.rotate('gia-2', 'gia');
    expect(made.setGuardians(['gia', 'gus'], 1)).toMatchObject({ ok: true });
  });
});

describe('a deactivation', () => {
  it('without guardians is at once and for good: every transaction is refused, of every kind, before any rule', () => {
    const made = identities();
    const { ledger } = made;
    made.ledger.submit('ana', 'identity.deactivate', { ifVersion: 0 });
    for (const [kind, payload] of [
      ['consent.grant', { domain: 'north-records', provision: { type: 'permit' } }],
      ['consent.revoke', { consent: hex('none') }],
      ['identity.rotate', { ...made.possession('key-1'), ifVersion: 1 }],
      ['identity.vetoRecovery', {}],
      ['identity.removeDelegate', { delegate: made.did('pat') }],
    ] as const)
      expect(ledger.submit('ana', kind, payload)).toMatchObject({
        code: 'identity-deactivated',
        rule: 'sender-is-active',
      });
    expect(ledger.explain('ana', 'identity.vetoRecovery', {}).rules).toEqual([]);
  });

  it('is decided once', () => {
    const made = guarded();
    made.ledger.submit('ana', 'identity.deactivate', { ifVersion: 1 });
    expect(made.ledger.submit('ana', 'identity.deactivate', { ifVersion: 2 }).code).toBe('deactivation-decided');
  });
});
