import { z } from 'zod';
import type { ConfigurationStep } from '../ledger-types.ts';

/** What members can decide of the ledger's nodes. `changes-drop` lets no approved change wait any longer. */
export const actions = ['node-add', 'node-promote', 'node-demote', 'node-remove', 'changes-drop'] as const;
export type Action = (typeof actions)[number];

/** The step that a decision lets wait; undefined where it lets none wait. */
export const stepOfAction: Readonly<Record<Action, ConfigurationStep['step'] | undefined>> = {
  'node-add': 'add',
  'node-promote': 'promote',
  'node-demote': 'demote',
  'node-remove': 'remove',
  'changes-drop': undefined,
};

const host = String.raw`([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])`;
const port = '([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])';

/** Where a node is reached: `host:port` with a DNS name, an IPv4 address or an IPv6 address in brackets. */
export function address(): z.ZodString {
  return z
    .string()
    .max(128)
    .regex(new RegExp(`^${host}:${port}$`), 'expected host:port');
}
