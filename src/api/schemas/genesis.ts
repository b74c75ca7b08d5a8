import { z } from 'zod';
import { hashText, hexText } from './primitives.ts';

/** What a ledger was founded with. Whoever knows the ledger id can check it: it is the SHA-256 of the genesis. */
export interface GenesisView {
  readonly ledgerId: string;
  /** The bytes of the genesis, as in a node's genesis file; at most 1 MiB. */
  readonly genesis: string;
}

export const genesisView: z.ZodType<GenesisView, GenesisView> = z.object({ ledgerId: hashText, genesis: hexText });
