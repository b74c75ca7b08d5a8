import { readFileSync } from 'node:fs';
import { AssentError, fromHex, messageOf, present } from '../../base/index.ts';
import { decodeDid } from '../../crypto/index.ts';
import type { Pinned, Witnesses } from '../../verify/index.ts';
import type { Context } from '../context.ts';
import { clean } from '../output/table.ts';

export interface PinnedFlags {
  readonly genesis?: string;
  readonly checkpoint?: string;
  readonly witness?: readonly string[];
  readonly atLeast?: number;
  readonly cosigned?: string;
}

/** What the options say that the verifier trusts. Throws `usage`, `input-invalid`. */
export function pinnedBy(context: Context, flags: PinnedFlags): Pinned {
  const { genesis, checkpoint } = flags;
  if ((genesis === undefined) === (checkpoint === undefined))
    throw new AssentError('usage', 'Say what you have pinned: --genesis HASH or --checkpoint FILE, one of the two.');
  const witnesses = witnessesBy(context, flags);
  const demand = witnesses === undefined ? {} : { witnesses };
  if (checkpoint !== undefined) return { checkpoint: readInput(context.path(checkpoint)), ...demand };
  return { genesisHash: genesisHash(genesis ?? ''), ...demand };
}

function witnessesBy(context: Context, { witness, atLeast, cosigned }: PinnedFlags): Witnesses | undefined {
  if (witness === undefined) {
    if (atLeast !== undefined || cosigned !== undefined)
      throw new AssentError('usage', 'Name the witnesses that you trust with --witness.');
    return undefined;
  }
  const keys = witness.flatMap((text) => text.split(',')).map(witnessKey);
  const file = cosigned === undefined ? {} : { cosigned: readInput(context.path(cosigned)) };
  return { keys, atLeast: atLeast ?? keys.length, ...file };
}

/** Throws `usage`. */
export function witnessKey(did: string): Uint8Array {
  const key = decodeDid(did);
  if (key === undefined)
    throw new AssentError('usage', `"${clean(did)}" is no key of a witness; it looks like did:assent:z6Mk….`);
  return key;
}

/** Throws `usage`. */
export function genesisHash(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new AssentError('usage', '--genesis takes the whole id of a ledger: 64 hexadecimal digits.');
  return present(fromHex(text), 'hexadecimal');
}

/** Throws `input-invalid`. */
export function readInput(path: string): Uint8Array {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch (error) {
    throw new AssentError('input-invalid', `${path} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
}
