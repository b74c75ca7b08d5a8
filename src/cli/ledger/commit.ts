import { AssentError, fromHex, toHex } from '../../base/index.ts';
import { COMMITMENT_SALT_BYTES, commit } from '../../crypto/index.ts';
import type { Home } from '../../demo/index.ts';
import { encodeCanonical } from '../../ledger/index.ts';

const eventIdBytes = 16;

/** The event id as stated, else a random one. Throws `usage`. */
export function eventIdOf(home: Home, stated: string | undefined): string {
  if (stated === undefined) return toHex(home.random.bytes(eventIdBytes));
  if (fromHex(stated)?.length !== eventIdBytes)
    throw new AssentError('usage', `"${stated}" is no event id: expected ${eventIdBytes * 2} hexadecimal digits.`);
  return stated;
}

/** Commits to a text under a fresh salt; what opens it stays in the keystore. A retry of an event commits as before. */
export function commitTo(home: Home, kind: string, event: string, text: string): string {
  const labels = { kind, ledger: toHex(home.ledgerId), event, title: text };
  const [known] = home.keystore.openings(labels);
  if (known !== undefined) return toHex(known.commitment);
  const salt = home.random.bytes(COMMITMENT_SALT_BYTES);
  const body = encodeCanonical([1, kind, text]);
  const commitment = commit(salt, body);
  home.keystore.appendOpenings([{ commitment, salt, body, labels }]);
  return toHex(commitment);
}
