import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OutcomeView } from '../../../src/api/index.ts';
import { type ErrorCode, errorTable, toHex } from '../../../src/base/index.ts';
import { sha256 } from '../../../src/crypto/index.ts';
import { decodeCanonical, UnverifiedTransaction } from '../../../src/ledger/index.ts';

export interface Received {
  readonly target: string;
  readonly contentType: string | undefined;
  readonly body: Uint8Array;
  /** Ids of the transactions in the body. */
  readonly ids: readonly string[];
}

/** What a node does with a request. Each misbehaviour is one that a network or a dying process produces. */
export type Reaction =
  | { readonly json: unknown; readonly status?: number; readonly headers?: Record<string, string> }
  | 'drop'
  | 'hang';

/** A peer on a real socket that behaves as a test says: the network's side of the client, not a twin of our server. */
export class ScriptedNode implements AsyncDisposable {
  readonly received: Received[] = [];
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #react: (received: Received, count: number) => Reaction;

  private constructor(react: (received: Received, count: number) => Reaction) {
    this.#react = react;
  }

  static async start(react: (received: Received, count: number) => Reaction): Promise<ScriptedNode> {
    const node = new ScriptedNode(react);
    await new Promise<void>((resolve) => node.#server.listen(0, '127.0.0.1', resolve));
    return node;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = new Uint8Array(Buffer.concat(chunks));
    const contentType = request.headers['content-type'];
    const received = { target: request.url ?? '', contentType, body, ids: idsOf(contentType, body) };
    this.received.push(received);
    const reaction = this.#react(received, this.received.length);
    if (reaction === 'drop') request.socket.destroy();
    else if (reaction !== 'hang') {
      response.writeHead(reaction.status ?? 200, { 'content-type': 'application/json', ...reaction.headers });
      response.end(JSON.stringify(reaction.json));
    }
  }
}

function idsOf(contentType: string | undefined, body: Uint8Array): string[] {
  if (contentType === 'application/octet-stream') return [new UnverifiedTransaction(body).idHex];
  if (contentType !== 'application/vnd.assent.transactions') return [];
  const limits = { bytesMax: 4 * 1024 * 1024, depthMax: 1, countMax: 1001 };
  return (decodeCanonical(body, limits) as Uint8Array[]).map((bytes) => new UnverifiedTransaction(bytes).idHex);
}

export function committed(id: string, refusal?: { code: string; rule: string; sentence: string }): OutcomeView {
  const blockHash = toHex(sha256(new Uint8Array()));
  const result = refusal === undefined ? { ok: true } : { ok: false, ...refusal };
  return {
    id,
    status: 'committed',
    receipt: { id, height: 7, index: 0, timestamp: 1_700_000_000_000, blockHash, result },
  };
}

export function refused(id: string, code: ErrorCode): OutcomeView {
  return { id, status: 'refused', error: { code, message: `Refused: ${code}.`, action: 'Do otherwise.' } };
}

export const outcomes = (...views: OutcomeView[]): Reaction => ({ json: { outcomes: views } });

export function failure(code: ErrorCode, headers: Record<string, string> = {}): Reaction {
  const { httpStatus, action } = errorTable[code];
  return { status: httpStatus, json: { error: { code, message: `Failed: ${code}.`, action } }, headers };
}
