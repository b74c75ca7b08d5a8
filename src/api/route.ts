import type { z } from 'zod';
import type { ErrorCode } from '../base/index.ts';
import { type Consistency, type ConsistencyQuery, consistencyQuery } from './schemas/consistency.ts';
import type { QueryInput } from './schemas/primitives.ts';

/** A form in which a request's body may come. Binary bodies have no schema: the ledger's codec reads them. */
export interface BodyFormat<Body> {
  readonly mediaType: string;
  readonly description: string;
  readonly bytesMax: number;
  readonly schema?: z.ZodType<Body>;
}

/** The form of a successful reply. */
export type ReplyFormat<Reply> =
  | { readonly mediaType: 'application/json'; readonly schema: z.ZodType<Reply> }
  | { readonly mediaType: 'text/plain' };

/**
 * One route, said once: the server, the typed client and `/openapi.json` are all derived from it.
 *
 * `path` has its parameters in braces, as OpenAPI writes them. Parameters, query and body are checked by their schemas
 * before the handler runs; what fails ends as `request-invalid`.
 */
export interface Route<Params, Query, Body, Reply> {
  /** Unique; the operationId in OpenAPI. */
  readonly operation: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly summary: string;
  readonly params?: z.ZodType<Params, Params>;
  readonly query?: z.ZodType<Query, QueryInput<Query>>;
  readonly bodies?: readonly BodyFormat<Body>[];
  readonly reply: ReplyFormat<Reply>;
  /** Status of the reply when it is not always 200. */
  readonly statuses?: readonly number[];
  /** Answers from the ledger: takes `?consistency=`, and says in headers how far the node had applied it. */
  readonly readsLedger?: true;
  /** Of one that reads the ledger: the consistencies that it takes, where they are not those of other routes. */
  readonly consistency?: z.ZodType<ConsistencyQuery, QueryInput<ConsistencyQuery>>;
  /** The expected failures; their status stands in the error table. */
  readonly errors: readonly ErrorCode[];
}

/** No parameters, no query, no body. */
export type Nothing = Readonly<Record<string, never>>;

/** The bound that every route's own types satisfy. */
export type AnyRoute = Route<unknown, unknown, unknown, unknown>;
export type ParamsOf<R extends AnyRoute> = R extends Route<infer Params, infer _Q, infer _B, infer _R> ? Params : never;
export type QueryOf<R extends AnyRoute> = R extends Route<infer _P, infer Query, infer _B, infer _R> ? Query : never;
export type BodyOf<R extends AnyRoute> = R extends Route<infer _P, infer _Q, infer Body, infer _R> ? Body : never;
export type ReplyOf<R extends AnyRoute> = R extends Route<infer _P, infer _Q, infer _B, infer Reply> ? Reply : never;

/** Which consistencies it takes, and which unless stated, of a route that reads the ledger. */
export function consistencyQueryOf({ consistency = consistencyQuery }: AnyRoute): typeof consistencyQuery {
  return consistency;
}

/** The path and query of a request to the route, percent-encoded: `/v1/blocks?from=3`. */
export function requestTarget<R extends AnyRoute>(
  route: R,
  params: ParamsOf<R>,
  query: QueryInput<QueryOf<R>>,
  consistency?: Consistency,
): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String((params as Record<string, unknown>)[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  if (route.readsLedger && consistency !== undefined) search.set('consistency', consistency);
  const text = search.toString();
  return text === '' ? path : `${path}?${text}`;
}
