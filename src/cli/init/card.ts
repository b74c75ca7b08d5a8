import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AssentError, messageOf, present } from '../../base/index.ts';
import { domainPolicyFromJson } from '../../contracts/index.ts';
import { decodeDid, decodeNodeId } from '../../crypto/index.ts';
import type { GenesisDomain, GenesisMember, GenesisNode } from '../../ledger/index.ts';

/** What a member tells the others when they found a ledger together. All of it is public. */
export interface Card {
  readonly member: string;
  /** DID of the governance key. */
  readonly governance: string;
  readonly nodeId: string;
  /** Multiaddr at which the node can be reached. */
  readonly address: string;
  /** Domains with their policies in JSON form. */
  readonly domains: readonly { readonly name: string; readonly policy: Readonly<Record<string, unknown>> }[];
}

const nameText = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'expected lower-case letters, digits and hyphens');

const card: z.ZodType<Card> = z.strictObject({
  member: nameText,
  governance: z.string().refine((text) => decodeDid(text) !== undefined, 'expected a DID'),
  nodeId: z.string().refine((text) => decodeNodeId(text) !== undefined, 'expected a node id'),
  address: z.string().startsWith('/', 'expected a multiaddr'),
  domains: z.array(z.strictObject({ name: nameText, policy: z.record(z.string(), z.unknown()) })),
});

/** Reads a card. Throws `input-invalid`. */
export function readCard(file: string): Card {
  try {
    return checkedCard(JSON.parse(readFileSync(file, 'utf8')), file);
  } catch (error) {
    if (error instanceof AssentError) throw error;
    throw new AssentError('input-invalid', `${file} cannot be read: ${messageOf(error)}.`, {}, { cause: error });
  }
}

/** Checks a card. Throws `input-invalid` with the place that is wrong. */
export function checkedCard(json: unknown, file: string): Card {
  const parsed = card.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new AssentError('input-invalid', `${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is no card'}.`);
}

/** What the cards declare, in the order of the members' names: the same cards found the same consortium. */
export function declared(cards: readonly Card[]): {
  readonly members: GenesisMember[];
  readonly nodes: GenesisNode[];
  readonly domains: GenesisDomain[];
} {
  const sorted = cards.toSorted((left, right) => (left.member < right.member ? -1 : 1));
  return {
    members: sorted.map(({ member, governance }) => ({
      name: member,
      governanceKey: present(decodeDid(governance), 'a card was checked'),
    })),
    nodes: sorted.map(({ member, nodeId }) => ({
      publicKey: present(decodeNodeId(nodeId), 'a card was checked'),
      member,
      role: 'voter',
    })),
    domains: sorted.flatMap(({ member, domains }) =>
      domains.map(({ name, policy }) => ({ name, custodian: member, policy: domainPolicyFromJson(policy) })),
    ),
  };
}
