import { AssentError } from '../../base/index.ts';
import type { AssentClient } from '../../client/index.ts';

/** The role that an agent claims, by a credential of this organisation. */
export interface Claim {
  readonly role: string;
  readonly organisation: string;
}

/** What the agent can claim: as stated, completed by the only credential in force that fits. Throws `usage`. */
export async function claimOf(
  client: AssentClient,
  agent: string,
  stated: { readonly role?: string; readonly organisation?: string },
): Promise<Claim> {
  const { role, organisation } = stated;
  if (role !== undefined && organisation !== undefined) return { role, organisation };
  const nowMs = Date.now();
  const { credentials } = await client.credentials(agent);
  const fitting = credentials
    .filter(({ from, until }) => Number(from) <= nowMs && (until === undefined || nowMs < Number(until)))
    .map((credential) => ({ role: String(credential['role']), organisation: String(credential['organisation']) }))
    .filter(
      (claim) => (role ?? claim.role) === claim.role && (organisation ?? claim.organisation) === claim.organisation,
    );
  const [claim] = fitting;
  if (claim !== undefined && fitting.length === 1) return claim;
  const held = fitting.map((one) => `${one.role} of ${one.organisation}`).join(', ');
  throw new AssentError(
    'usage',
    fitting.length === 0
      ? 'The agent holds no credential that fits; say with --role and --organisation what it claims.'
      : `The agent can claim ${held}; say which with --role and --organisation.`,
  );
}
