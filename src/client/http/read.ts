import type {
  AnyRoute,
  Consistency,
  ErrorDetail,
  ParamsOf,
  QueryInput,
  QueryOf,
  ReadConsistency,
  ReplyOf,
} from '../../api/index.ts';
import { AssentError, type Clock, type ErrorCode, errorTable } from '../../base/index.ts';
import type { Nodes } from './nodes.ts';
import { knownCode } from './outcome.ts';
import { type Exchange, exchange } from './transport.ts';

export interface ReadOptions {
  /** The longest that one node is waited for; 10 s unless given. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** `local` reads what the asked node has applied, and needs no majority. */
  readonly consistency?: ReadConsistency;
}

export interface DecideOptions extends Omit<ReadOptions, 'consistency'> {
  /** That of the client unless given; where it has none, `in-force`. */
  readonly consistency?: Consistency;
}

/** Codes after which another node may still know better: it lags, or it is busy, recovering or stopping. */
const nodeOwnCodes: ReadonlySet<ErrorCode> = new Set([
  'transaction-unknown',
  'block-unknown',
  'history-not-kept',
  'rule-set-unknown',
  'internal',
  'storage-failed',
]);

/** Asks each node once, beginning with the one that answered last. Throws the most telling failure when none can say. */
export async function readAnywhere<R extends AnyRoute>(
  nodes: Nodes,
  route: R,
  params: ParamsOf<R>,
  query: QueryInput<QueryOf<R>>,
  options: DecideOptions,
  body?: object,
): Promise<ReplyOf<R>> {
  let failure: AssentError | undefined;
  const consistency = options.consistency ?? nodes.consistency;
  for (let attempt = 0; attempt < nodes.urls.length; attempt++) {
    options.signal?.throwIfAborted();
    const index = (nodes.preferred + attempt) % nodes.urls.length;
    const node = nodes.urls[index] as string;
    const answer = await exchange(nodes.fetch, node, route, {
      params,
      query,
      consistency,
      signal: withTimeout(options.timeoutMs ?? 10_000, options.signal),
      ...(body === undefined ? {} : { body: { mediaType: 'application/json', content: JSON.stringify(body) } }),
    });
    if (answer.kind === 'reply') {
      nodes.preferred = index;
      return answer.reply;
    }
    const failed = failureOf(node, answer);
    if (answer.kind === 'error' && errorTable[failed.code].exitCode !== 3 && !nodeOwnCodes.has(failed.code))
      throw failed;
    // What a node said outweighs that another did not answer, and what one knows that another does not go back so far.
    if (failure === undefined || failure.code === 'node-unreachable' || failure.code === 'history-not-kept')
      failure = failed;
  }
  options.signal?.throwIfAborted();
  throw failure as AssentError;
}

/** The signal of a caller, joined with a deadline. */
export function withTimeout(timeoutMs: number, signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

/** Resolves after `delayMs`, or at once when the signal aborts. */
export function pause(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal?.addEventListener('abort', finish);
  });
}

function errorOf({ code, message }: ErrorDetail): AssentError {
  const known = knownCode(code);
  if (known !== undefined) return new AssentError(known, message);
  return new AssentError(
    'reply-invalid',
    `The node answered with the code ${code}, which this version does not know: ${message}`,
  );
}

type Failure = Exclude<Exchange<unknown>, { kind: 'reply' }>;

function failureOf(node: string, failure: Failure): AssentError {
  switch (failure.kind) {
    case 'error':
      return errorOf(failure.error);
    case 'foreign':
      return new AssentError(
        'reply-invalid',
        `What answers at ${node} is no node of this version: ${failure.reason}.`,
        { node },
      );
    case 'unreached':
    case 'lost':
      return new AssentError('node-unreachable', `The node at ${node} did not answer: ${failure.reason}.`, { node });
  }
}
