import { errorDetailOf, type JsonValue, type OutcomeView, type ReceiptView, type ResultView } from '../../api/index.ts';
import { AssentError } from '../../base/index.ts';
import type { CanonicalValue, TransactionResult } from '../../ledger/portable.ts';
import type { Place } from '../queries/query.ts';
import { unpackResult } from './packed-result.ts';

/** JSON form of a successful transaction's output, by its kind. */
export type OutputToJson = (kind: string, output: CanonicalValue) => JsonValue;

export function committed(id: string, receipt: ReceiptView): OutcomeView {
  return { id, status: 'committed', receipt };
}

export function accepted(id: string): OutcomeView {
  return { id, status: 'accepted' };
}

/** Nothing happened. `id` is undefined when the bytes are no transaction. */
export function refused(id: string | undefined, error: AssentError): OutcomeView {
  const detail = errorDetailOf(error);
  return id === undefined ? { status: 'refused', error: detail } : { id, status: 'refused', error: detail };
}

export function unknown(id: string): OutcomeView {
  const error = new AssentError('outcome-unknown', `The outcome of ${id} was not seen in time.`);
  return { id, status: 'unknown', error: errorDetailOf(error) };
}

export function resultView(kind: string, result: TransactionResult, outputToJson: OutputToJson): ResultView {
  if (!result.ok) return { ok: false, code: result.code, rule: result.rule, sentence: result.sentence };
  const output = outputToJson(kind, result.output);
  return output === null ? { ok: true } : { ok: true, output };
}

export function receiptView(id: string, kind: string, place: Place, outputToJson: OutputToJson): ReceiptView {
  return {
    id,
    height: place.height,
    index: place.index,
    timestamp: place.timestamp,
    blockHash: place.blockHash,
    result: resultView(kind, unpackResult(place.result), outputToJson),
  };
}
