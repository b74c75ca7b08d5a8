import { assert, fromHex, present, toHex } from '../../base/index.ts';
import { decodeDid } from '../../crypto/portable.ts';
import type { StateKey } from '../ledger-types.ts';
import { firstPageKey } from './events.ts';
import { accessRequestToJson, decodeAccessRequest } from './request.ts';
import { accessLogKey } from './state.ts';

/** One decision that a transaction had the ledger make, as {@link evaluateAccess} is asked for it. */
export interface RecordedQuestion {
  /** Hexadecimal; with the agent it names the entry. */
  readonly eventId: string;
  readonly agent: string;
  /** The gateway's result sets among it: what it found in sealed clauses. */
  readonly question: Readonly<Record<string, unknown>>;
  /** Place in its batch; absent where it was asked alone. */
  readonly batchPlace?: number;
}

/** What a transaction with this payload, in JSON form, asked; nothing for a kind that decides nothing. */
export function recordedQuestions(kind: string, payload: Readonly<Record<string, unknown>>): RecordedQuestion[] {
  if (kind === 'access.recordBatch') return batchQuestions(payload);
  if (kind !== 'access.record') return [];
  const { request, results, category, inEmergencyCategory } = payload;
  assert(typeof request === 'string', 'the JSON form has bytes as hexadecimal');
  return [recordedQuestion(present(fromHex(request), 'hexadecimal'), { results, category, inEmergencyCategory })];
}

/**
 * Keys of the state that recording these reads beside those that the decisions depend on, most of them: a replay that has
 * them does not stop for each.
 */
export function recordedKeys(asked: readonly RecordedQuestion[]): StateKey[] {
  const keys = asked.flatMap(({ agent, eventId, question }) => [
    firstPageKey({ owner: [String(question['domain']), keyHex(agent)], id: eventId }),
    accessLogKey(keyHex(String(question['subject']))),
  ]);
  return [...new Set(keys)];
}

function keyHex(did: string): string {
  return toHex(present(decodeDid(did), 'the JSON form has keys as DIDs'));
}

function recordedQuestion(requestBytes: Uint8Array, found: Readonly<Record<string, unknown>>): RecordedQuestion {
  const request = present(decodeAccessRequest(requestBytes), 'only what asks for something is recorded');
  // Which record, and until when: no part of what is decided.
  const { eventId: _event, resource: _resource, validUntil: _until, ...asked } = accessRequestToJson(request);
  const known = Object.entries(found).filter(([, value]) => value !== undefined);
  const question = { ...asked, ...Object.fromEntries(known) };
  return { eventId: toHex(request.eventId), agent: String(asked['agent']), question };
}

/** The shape of a batch's JSON form, as far as it asks. */
interface BatchJson {
  readonly domain: string;
  readonly askers: readonly { readonly agent: string }[];
  readonly accesses: readonly {
    readonly asker: number;
    readonly items: readonly { readonly eventId: string }[];
  }[];
}

function batchQuestions(payload: Readonly<Record<string, unknown>>): RecordedQuestion[] {
  const { domain, askers, accesses } = payload as unknown as BatchJson;
  const questions = accesses.flatMap(({ asker, items, ...found }) => {
    const asked = present(askers[asker], 'only a batch that lists its askers is recorded');
    const question = { ...asked, domain, ...found };
    return items.map(({ eventId }) => ({ eventId, agent: asked.agent, question }));
  });
  return questions.map((asked, batchPlace) => ({ ...asked, batchPlace }));
}
