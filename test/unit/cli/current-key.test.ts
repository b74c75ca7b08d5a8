import { describe, expect, it, onTestFinished } from 'vitest';
import { toHex } from '../../../src/base/index.ts';
import { rotateKey, withCurrentKey } from '../../../src/cli/keys/current-key.ts';
import { actingKeys } from '../../../src/cli/keys/people.ts';
import { submitAs } from '../../../src/cli/ledger/submit.ts';
import { type Home, identityNamed } from '../../../src/demo/index.ts';
import { Stage } from '../demo/stage.ts';

/** Amara, an agent whose key is in a keystore on disk, and a ledger that can lose a rotation or its answer. */
async function amara(): Promise<{ stage: Stage; home: Home }> {
  const stage = await Stage.set();
  onTestFinished(() => stage[Symbol.asyncDispose]());
  const home = stage.home();
  const [governance] = home.keystore.list().filter(({ attributes }) => attributes['role'] === 'governance');
  home.keystore.putSeed('amara', home.random.bytes(32), { role: 'agent' });
  const agent = identityNamed(home, 'amara').did;
  const sender = identityNamed(home, governance?.name ?? 'none');
  await submitAs(home, sender, 'credential.issue', { agent, role: 'clinician' });
  return { stage, home };
}

const current = (home: Home) => withCurrentKey(home, identityNamed(home, 'amara'));

describe('a rotation from a keystore', () => {
  it('keeps the DID and signs with the new key, again and again, and lists no more keys than before', async () => {
    const { stage, home } = await amara();
    const before = await current(home);
    const count = actingKeys(home.keystore).length;
    const first = await rotateKey(home, before);
    const second = await rotateKey(home, await current(home));
    expect(first.key).not.toBe(second.key);
    const after = await current(await stage.restart());
    expect(after.did).toBe(before.did);
    expect((await stage.ledger.identity(before.did)).key).toBe(second.key);
    expect(toHex(after.signer.publicKey)).not.toBe(toHex(before.signer.publicKey));
    expect(actingKeys(stage.keystore)).toHaveLength(count);
    // The former keys sign for nobody any more.
    await expect(rotateKey(stage.home(), before)).rejects.toMatchObject({ code: 'signature-invalid' });
  });

  it('whose answer is lost has happened: the next use finds out', async () => {
    const { stage, home } = await amara();
    stage.ledger.fail = (kind) => (kind === 'identity.rotate' ? 'after' : undefined);
    await expect(rotateKey(home, await current(home))).rejects.toMatchObject({ code: 'outcome-unknown' });
    stage.ledger.fail = () => undefined;
    const again = await stage.restart();
    const signer = await current(again);
    expect(toHex(signer.signer.publicKey)).not.toBe(toHex(signer.publicKey));
    await rotateKey(again, signer);
  });

  it('that never arrived has not: the former key goes on, and the next attempt uses the key that is kept', async () => {
    const { stage, home } = await amara();
    stage.ledger.fail = (kind) => (kind === 'identity.rotate' ? 'before' : undefined);
    await expect(rotateKey(home, await current(home))).rejects.toMatchObject({ code: 'no-quorum' });
    stage.ledger.fail = () => undefined;
    const again = await stage.restart();
    const kept = again.keystore.list().flatMap(({ attributes }) => attributes['key'] ?? []);
    const { key } = await rotateKey(again, await current(again));
    expect([key]).toEqual(kept);
  });

  it('says so when another keystore has the current key', async () => {
    const { stage, home } = await amara();
    const before = await current(home);
    await rotateKey(home, before);
    const elsewhere = { ...home, keystore: { ...home.keystore, list: () => [] } } as unknown as Home;
    expect((await withCurrentKey(elsewhere, before)).signer).toBe(before.signer);
    const stale = home.keystore.list().map((entry) => ({
      ...entry,
      attributes: { ...entry.attributes, ...('key' in entry.attributes && { key: 'another' }) },
    }));
    const without = { ...stage.home(), keystore: { list: () => stale } } as unknown as Home;
    await expect(withCurrentKey(without, before)).rejects.toMatchObject({ code: 'key-unknown' });
  });
});
