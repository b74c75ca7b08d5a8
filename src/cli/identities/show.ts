import type { IdentityView } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import { walletNamed } from '../../demo/index.ts';
import type { Context } from '../context.ts';
import { firstIdentityOf, isWallet, keyNamed, titleOf } from '../keys/people.ts';
import { facts, table } from '../output/table.ts';
import { shortDid } from '../output/words.ts';
import type { Report } from '../session.ts';
import { identityText } from './words.ts';

/** `identity show NAME|DID`: the key as the keystore has it, and what the ledger knows of its DID. */
export async function show(context: Context, text: string, flags: { domain?: string }): Promise<Report> {
  if (text.startsWith('did:')) {
    const identity = await context.client().identity(text);
    return { json: identity, text: identityText(context.style, identity, context.nowMs) };
  }
  const keystore = await context.keystore('read');
  const key = keyNamed(keystore, text);
  const { attributes } = key;
  const { style } = context;
  const about = facts(style, [
    ['name', key.name],
    ['title', titleOf(key)],
    ['role', attributes['role']],
    ['member', attributes['member']],
    ['keys held by', attributes['keyHolder']],
  ]);
  if (isWallet(key) && flags.domain === undefined) {
    const wallet = walletNamed(await context.home('read'), key.name);
    const { domains } = await context.client().domains();
    const dids = domains.map(({ name: domain }) => ({ domain, did: wallet.identityFor(domain).did }));
    const rows = dids.map(({ domain, did }) => [domain, did]);
    const json = { name: key.name, kind: 'person', dids, attributes };
    return { json, text: `${about}\n\n${table(style, ['domain', 'DID'], rows)}` };
  }
  const { did } = firstIdentityOf(await context.home('read'), text, flags.domain);
  const identity = await context.client().identity(did);
  const kind = isWallet(key) ? 'person' : 'agent';
  const json = { name: key.name, kind, did, attributes, identity };
  return { json, text: `${about}\n${identityText(style, identity, context.nowMs)}` };
}

/** What the ledger knows of who is meant: by DID, or by key and domain. */
export async function identityShown(context: Context, text: string, domain: string | undefined): Promise<IdentityView> {
  const did = text.startsWith('did:') ? text : firstIdentityOf(await context.home('read'), text, domain).did;
  return context.client().identity(did);
}

/** The recovery that is open. Throws `not-found`. */
export function openRecoveryOf({ did, recovery }: IdentityView): NonNullable<IdentityView['recovery']> {
  if (recovery === undefined) throw new AssentError('not-found', `No recovery of ${shortDid(did)} is open.`);
  return recovery;
}
