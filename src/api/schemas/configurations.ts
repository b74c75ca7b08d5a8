import { z } from 'zod';
import { hashText, hexText, nodeIdText, type QueryInput, queryNumber, wholeNumber } from './primitives.ts';

/** A configuration of the ledger (protocol.md §5, "Configurations"). */
export interface ConfigurationView {
  /** Height of the block that brought it; 0 for that of genesis. */
  readonly height: number;
  /** SHA-256 of its canonical bytes: what headers, acks and certificates name. */
  readonly id: string;
  readonly generation: number;
  readonly nodes: readonly { readonly nodeId: string; readonly role: 'voter' | 'learner' }[];
  /** What changed from the one before; null for that of genesis. */
  readonly change: { readonly step: 'add' | 'promote' | 'demote' | 'remove'; readonly nodeId: string } | null;
}

/** Ascending by height. `next` is the height to ask from for the following page, absent at the end. */
export interface ConfigurationPage {
  readonly configurations: readonly ConfigurationView[];
  readonly next?: number;
}

export interface ConfigurationsQuery {
  readonly from: number;
  readonly limit: number;
}

export interface HistoryQuery {
  /** Height of the block that brought the configuration that is known already; 0 for that of genesis. */
  readonly after: number;
}

export interface HistoryView {
  /** The history, as hexadecimal: whoever knows the configuration that it goes on from can verify it offline. */
  readonly history: string;
  /** Where it goes on, for what had no room in it; absent at the end. */
  readonly next?: number;
}

export const configurationsPageMax = 100;

export const configurationView: z.ZodType<ConfigurationView, ConfigurationView> = z.object({
  height: wholeNumber,
  id: hashText,
  generation: wholeNumber,
  nodes: z.array(z.object({ nodeId: nodeIdText, role: z.enum(['voter', 'learner']) })),
  change: z.nullable(z.object({ step: z.enum(['add', 'promote', 'demote', 'remove']), nodeId: nodeIdText })),
});

export const configurationPage: z.ZodType<ConfigurationPage, ConfigurationPage> = z.object({
  configurations: z.array(configurationView),
  next: z.exactOptional(wholeNumber),
});

export const configurationsQuery: z.ZodType<ConfigurationsQuery, QueryInput<ConfigurationsQuery>> = z.strictObject({
  from: queryNumber(0, Number.MAX_SAFE_INTEGER).default(0),
  limit: queryNumber(1, configurationsPageMax).default(configurationsPageMax),
});

export const historyQuery: z.ZodType<HistoryQuery, QueryInput<HistoryQuery>> = z.strictObject({
  after: queryNumber(0, Number.MAX_SAFE_INTEGER).default(0),
});

export const historyView: z.ZodType<HistoryView, HistoryView> = z.object({
  history: hexText,
  next: z.exactOptional(wholeNumber),
});
