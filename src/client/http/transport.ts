import { z } from 'zod';
import {
  type AnyRoute,
  type Consistency,
  type ErrorDetail,
  type ErrorReply,
  type ParamsOf,
  type QueryInput,
  type QueryOf,
  type ReplyOf,
  requestTarget,
} from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';

/** The fetch of the Fetch standard. */
export type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** What one request to one node came to. */
export type Exchange<Reply> =
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** The node answered with an error of this API. */
  | { readonly kind: 'error'; readonly error: ErrorDetail; readonly retryAfterMs: number | undefined }
  /** No connection came about, so nothing reached the node. */
  | { readonly kind: 'unreached'; readonly reason: string }
  /** The request may have arrived, and no answer came back. */
  | { readonly kind: 'lost'; readonly reason: string }
  /** Something answered, but not as an Assent node of this version does. */
  | { readonly kind: 'foreign'; readonly reason: string };

export interface RouteRequest<R extends AnyRoute> {
  readonly params: ParamsOf<R>;
  readonly query: QueryInput<QueryOf<R>>;
  readonly consistency?: Consistency | undefined;
  readonly body?: { readonly mediaType: string; readonly content: Uint8Array | string };
  readonly signal: AbortSignal;
}

const errorReply: z.ZodType<ErrorReply> = z.object({
  error: z.object({ code: z.string(), message: z.string(), action: z.string() }),
});

/** The most bytes of a reply that are read. A page of 500 entries is far below. */
const replyBytesMax = 32 * 1024 * 1024;

/** Sends one request to one node and checks the answer against the route's schema. Never throws for what the peer does. */
export async function exchange<R extends AnyRoute>(
  fetch: Fetch,
  node: string,
  route: R,
  request: RouteRequest<R>,
): Promise<Exchange<ReplyOf<R>>> {
  const { params, query, consistency, body, signal } = request;
  let response: Response;
  let text: string;
  try {
    response = await fetch(node + requestTarget(route, params, query, consistency), {
      method: route.method,
      signal,
      // A redirect could carry signed bytes to a place that nobody configured.
      redirect: 'error',
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': body.mediaType }, body: body.content as string | Uint8Array<ArrayBuffer> }),
    });
    text = await readText(response);
  } catch (thrown) {
    const reason = reasonOf(thrown);
    return neverConnected(thrown) ? { kind: 'unreached', reason } : { kind: 'lost', reason };
  }
  return understand(route, response, text);
}

function understand<R extends AnyRoute>(route: R, response: Response, text: string): Exchange<ReplyOf<R>> {
  if (!response.ok) {
    const parsed = errorReply.safeParse(parseJson(text));
    if (parsed.success) return { kind: 'error', error: parsed.data.error, retryAfterMs: retryAfterMs(response) };
    return { kind: 'foreign', reason: `status ${response.status} without an error of this API` };
  }
  if (route.reply.mediaType === 'text/plain') return { kind: 'reply', reply: text as ReplyOf<R> };
  const parsed = route.reply.schema.safeParse(parseJson(text));
  if (parsed.success) return { kind: 'reply', reply: parsed.data as ReplyOf<R> };
  return { kind: 'foreign', reason: `the answer does not match the schema of ${route.operation}` };
}

/** The body as text, bounded while it arrives. */
async function readText(response: Response): Promise<string> {
  if (response.body === null) return '';
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const parts: string[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return parts.join('');
    length += value.length;
    if (length > replyBytesMax) {
      await reader.cancel();
      throw new RangeError(`its answer exceeds ${replyBytesMax} bytes`);
    }
    parts.push(value);
  }
}

/** The value of a JSON text; undefined when it is none, which no schema here admits. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Failures of Node's fetch before the first byte left. Browsers do not tell, so there the outcome counts as unknown. */
const connectFailures: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function neverConnected(thrown: unknown): boolean {
  return causesOf(thrown).some((cause) => connectFailures.has((cause as { code?: unknown }).code));
}

/** Fetch says "fetch failed"; what failed stands in the cause, below which may be one for each address tried. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof Error && thrown.name === 'TimeoutError') return 'it did not answer in time';
  const causes = causesOf(thrown);
  return messageOf(causes.find((cause) => messageOf(cause) !== '') ?? thrown);
}

function causesOf(thrown: unknown): readonly unknown[] {
  if (!(thrown instanceof Error) || thrown.cause === undefined) return [];
  const { cause } = thrown;
  return cause instanceof AggregateError ? cause.errors : [cause];
}
