import { AssentError, toHex } from '../../base/index.ts';
import { type ProvisionTreeJson, sealProvisions } from '../../contracts/index.ts';
import { COMMITMENT_SALT_BYTES } from '../../crypto/index.ts';
import { consentSchema, type Provision } from '../../decision/index.ts';
import type { Home } from '../../demo/index.ts';

/** Label of what opens the data clauses of consents, in a keystore. */
export const scopeOpeningKind = 'consent-scope';

/**
 * The provisions as the ledger takes them. What opens their data clauses is in the keystore before anything is sent: a
 * consent whose openings are lost would decide nothing for sure. Throws `usage`.
 */
export function sealedIn(home: Home, root: Provision, where: { domain: string; subject: string }): ProvisionTreeJson {
  const checked = consentSchema.safeParse({ subject: where.subject, provision: root });
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new AssentError('usage', `${issue?.path.join('.') ?? 'The consent'}: ${issue?.message ?? 'is not one'}.`);
  }
  const { openings, ...tree } = sealProvisions(root, () => home.random.bytes(COMMITMENT_SALT_BYTES));
  const labels = { kind: scopeOpeningKind, ledger: toHex(home.ledgerId), ...where };
  if (openings.length > 0) home.keystore.appendOpenings(openings.map((opening) => ({ ...opening, labels })));
  return tree;
}
