import { z } from 'zod';
import { toHex } from '../../base/index.ts';
import { did, name, nodeKey } from '../engine/leaves.ts';
import type { ConfigurationStep } from '../ledger-types.ts';
import { type Role, roles } from '../tables/codes.ts';
import { membersMax } from './members.ts';
import { type ParameterName, parameterNames } from './parameters.ts';
import { ruleSetName } from './rule-sets.ts';

/** What members can decide together. */
export const actions = [
  // The ledger's nodes. `changes-drop` lets no approved change wait any longer; `node-retire` removes a node before those.
  'node-add',
  'node-promote',
  'node-demote',
  'node-remove',
  'node-retire',
  'changes-drop',
  // The members themselves.
  'member-add',
  'member-remove',
  'member-rekey',
  // Which members issue credentials for a role.
  'role-issuers',
  'parameter-set',
  // Another member keeps a domain from then on.
  'domain-hand-over',
  // Another version of the rules holds from a height on; or the one that was to hold does not.
  'rules-activate',
  'rules-cancel',
] as const;
export type Action = (typeof actions)[number];

/** What is proposed. Each action names its own fields and no others (see {@link isClear}). */
export interface ProposedChange {
  readonly action: Action;
  /** The node that it is about. */
  readonly nodeKey?: Uint8Array;
  /** The member that runs a node that is added; that is added, removed or gets a key; that takes a domain over. */
  readonly member?: string;
  /** Where others reach a node that is added. */
  readonly address?: string;
  /** Of a member that is added, or that loses its former one. */
  readonly governanceKey?: Uint8Array;
  readonly role?: Role;
  /** The members that may issue the role; absent: every member. */
  readonly issuers?: readonly string[];
  readonly parameter?: ParameterName;
  /** Absent: the default. */
  readonly value?: number;
  readonly domain?: string;
  readonly ruleSet?: string;
  /** The first block under the version. */
  readonly height?: number;
}

const host = String.raw`([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])`;
const port = '([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/** Where a node is reached: `host:port` with a DNS name, an IPv4 address or an IPv6 address in brackets. */
export function address(): z.ZodString {
  return z
    .string()
    .max(128)
    .regex(new RegExp(`^${host}:${port}$`), 'expected host:port');
}

type OptionalField<T> = z.ZodExactOptional<z.ZodType<T>>;

/** The fields of {@link ProposedChange} in a payload, in the state and in entries. */
export const changeShape: {
  readonly action: z.ZodType<Action>;
  readonly nodeKey: OptionalField<Uint8Array>;
  readonly member: OptionalField<string>;
  readonly address: OptionalField<string>;
  readonly governanceKey: OptionalField<Uint8Array>;
  readonly role: OptionalField<Role>;
  readonly issuers: OptionalField<string[]>;
  readonly parameter: OptionalField<ParameterName>;
  readonly value: OptionalField<number>;
  readonly domain: OptionalField<string>;
  readonly ruleSet: OptionalField<string>;
  readonly height: OptionalField<number>;
} = {
  action: z.enum(actions),
  nodeKey: nodeKey().exactOptional(),
  member: name().exactOptional(),
  address: address().exactOptional(),
  governanceKey: did().exactOptional(),
  role: z.enum(roles).exactOptional(),
  issuers: z.array(name()).max(membersMax).exactOptional(),
  parameter: z.enum(parameterNames).exactOptional(),
  value: z.int().min(0).exactOptional(),
  domain: name().exactOptional(),
  ruleSet: ruleSetName().exactOptional(),
  height: z.int().min(1).exactOptional(),
};

type Field = Exclude<keyof ProposedChange, 'action'>;

export interface Naming {
  readonly needs: readonly Field[];
  readonly mayHave?: readonly Field[];
}

const namings: Readonly<Record<Action, Naming>> = {
  'node-add': { needs: ['nodeKey', 'member'], mayHave: ['address'] },
  'node-promote': { needs: ['nodeKey'] },
  'node-demote': { needs: ['nodeKey'] },
  'node-remove': { needs: ['nodeKey'] },
  'node-retire': { needs: ['nodeKey'] },
  'changes-drop': { needs: [] },
  'member-add': { needs: ['member', 'governanceKey'] },
  'member-remove': { needs: ['member'] },
  'member-rekey': { needs: ['member', 'governanceKey'] },
  'role-issuers': { needs: ['role'], mayHave: ['issuers'] },
  'parameter-set': { needs: ['parameter'], mayHave: ['value'] },
  'domain-hand-over': { needs: ['domain', 'member'] },
  'rules-activate': { needs: ['ruleSet', 'height'] },
  'rules-cancel': { needs: [] },
};

/** What an action names besides itself. */
export function namingOf(action: Action): Naming {
  return namings[action];
}

/** Whether the change names what its action needs, and nothing that its action has no place for. */
export function isClear(change: ProposedChange): boolean {
  const { needs, mayHave = [] } = namings[change.action];
  const fields = Object.keys(changeShape).filter((field) => field !== 'action') as Field[];
  return fields.every((field) => {
    if (change[field] === undefined) return !needs.includes(field);
    return needs.includes(field) || mayHave.includes(field);
  });
}

/** Without what is not of the change: a payload, a record and an entry have their own fields besides. */
export function changeOf(from: ProposedChange): ProposedChange {
  const fields = Object.keys(changeShape) as (keyof ProposedChange)[];
  const stated = fields.filter((field) => from[field] !== undefined).map((field) => [field, from[field]] as const);
  return Object.fromEntries(stated) as unknown as ProposedChange;
}

/** What the change is about, `member:st-mary` say. Two changes about the same thing conflict. */
export function targetOf(change: ProposedChange): string {
  const { nodeKey: node, member, role, parameter, domain } = change;
  switch (change.action) {
    case 'changes-drop':
      return 'changes';
    case 'member-add':
    case 'member-remove':
    case 'member-rekey':
      return `member:${member}`;
    case 'role-issuers':
      return `role:${role}`;
    case 'parameter-set':
      return `parameter:${parameter}`;
    case 'domain-hand-over':
      return `domain:${domain}`;
    case 'rules-activate':
    case 'rules-cancel':
      return 'rules';
    default:
      return `node:${node === undefined ? '' : toHex(node)}`;
  }
}

/** No target is longer: a prefix and a name or a key. */
export const targetCharactersMax = 80;

/** The step that a decision about a node lets wait; undefined where it lets none wait. */
export function stepOfAction(action: Action): ConfigurationStep['step'] | undefined {
  switch (action) {
    case 'node-add':
      return 'add';
    case 'node-promote':
      return 'promote';
    case 'node-demote':
      return 'demote';
    case 'node-remove':
    case 'node-retire':
      return 'remove';
    default:
      return undefined;
  }
}
