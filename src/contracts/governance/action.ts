import { z } from 'zod';
import type { ConfigurationStep } from '../ledger-types.ts';

/** What members can decide of the ledger's nodes. */
export const actions = ['node-add', 'node-promote', 'node-demote', 'node-remove'] as const;
export type Action = (typeof actions)[number];

export const stepOfAction: Readonly<Record<Action, ConfigurationStep['step']>> = {
  'node-add': 'add',
  'node-promote': 'promote',
  'node-demote': 'demote',
  'node-remove': 'remove',
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
