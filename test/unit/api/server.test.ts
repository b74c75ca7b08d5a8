import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  type ErrorReply,
  type InForceView,
  type OutcomeView,
  type ReachQuery,
  type ReachView,
  transactionMediaType,
  transactionsMediaType,
} from '../../../src/api/index.ts';
import { ApiServer, type ServerOptions } from '../../../src/api/server/index.ts';
import { AssentError, InvariantError, silentLogger } from '../../../src/base/index.ts';
import { encodeNodeId } from '../../../src/crypto/index.ts';
import { type Answers, nodeWith } from '../../support/service.ts';

const nodeId = encodeNodeId(new Uint8Array(32).fill(1));
async function serve(answers: Answers, options: Partial<ServerOptions> = {}): Promise<string> {
  const bugs: unknown[] = [];
  const server = new ApiServer({
    service: nodeWith(answers),
    version: '1.2.3',
    logger: silentLogger,
    onBug: (error) => bugs.push(error),
    ...options,
  });
  const port = await server.listen('127.0.0.1', 0);
  onTestFinished(() => server.close(100));
  return `http://127.0.0.1:${port}`;
}

async function errorOf(response: Response): Promise<ErrorReply['error'] & { readonly status: number }> {
  return { status: response.status, ...((await response.json()) as ErrorReply).error };
}

const post = (body: Uint8Array<ArrayBuffer> | string, mediaType: string): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': mediaType },
});

describe('errors', () => {
  it('have one form, with code, sentence and what to do', async () => {
    const url = await serve({
      block: () => Promise.reject(new AssentError('block-unknown', 'No committed block is 7.')),
    });
    expect(await errorOf(await fetch(`${url}/v1/blocks/7`))).toEqual({
      status: 404,
      code: 'block-unknown',
      message: 'No committed block is 7.',
      action: 'List the blocks with `assent block list`.',
    });
  });

  it('say when to try again', async () => {
    const url = await serve({ readiness: () => Promise.reject(new AssentError('no-quorum', 'No leader is known.')) });
    const response = await fetch(`${url}/readyz`);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await errorOf(response)).toMatchObject({ status: 503, code: 'no-quorum' });
  });

  it('of an unknown path have the same form', async () => {
    const url = await serve({});
    expect(await errorOf(await fetch(`${url}/v1/nothing`))).toMatchObject({ status: 404, code: 'not-found' });
  });

  it('hide what a bug looks like from inside, and report it', async () => {
    const bugs: unknown[] = [];
    const bug = new InvariantError('secret detail');
    const url = await serve({ status: () => Promise.reject(bug) }, { onBug: (error) => bugs.push(error) });
    const error = await errorOf(await fetch(`${url}/v1/status`));
    expect(error).toMatchObject({ status: 500, code: 'internal' });
    expect(error.message).not.toContain('secret');
    expect(bugs).toEqual([bug]);
  });

  it('answer bytes that are not HTTP in the same form', async () => {
    const { port } = new URL(await serve({}));
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('NONSENSE\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('"code":"request-invalid"');
  });
});

describe('a transfer of the leadership', () => {
  it('takes a node id or null, as JSON only: a page of a browser cannot send that from elsewhere', async () => {
    const asked: (string | null)[] = [];
    const url = await serve({
      transferLeadership({ to }) {
        asked.push(to);
        return Promise.resolve({ to: nodeId, term: 4 });
      },
    });
    const target = `${url}/v1/leadership/transfer`;
    for (const to of [null, nodeId]) {
      const response = await fetch(target, post(JSON.stringify({ to }), 'application/json'));
      expect(await response.json()).toEqual({ to: nodeId, term: 4 });
    }
    for (const request of [
      post('{"to":null}', 'text/plain'),
      post('{}', 'application/json'),
      post('{"to":"node 2"}', 'application/json'),
      { method: 'POST' },
    ])
      expect((await errorOf(await fetch(target, request))).status).toBeGreaterThanOrEqual(400);
    expect(asked).toEqual([null, nodeId]);
  });
});

describe('reads of the ledger', () => {
  const noDomains = (): Promise<{ domains: [] }> => Promise.resolve({ domains: [] });

  it('are linearizable unless asked otherwise', async () => {
    const asked: string[] = [];
    const url = await serve({
      read(consistency) {
        asked.push(consistency);
        return nodeWith({ domains: noDomains }).read(consistency);
      },
    });
    for (const query of ['', '?consistency=linearizable', '?consistency=local'])
      expect((await fetch(`${url}/v1/domains${query}`)).status).toBe(200);
    expect(asked).toEqual(['linearizable', 'linearizable', 'local']);
  });

  it('say in headers how far the node is, also when there is nothing', async () => {
    const url = await serve({
      domains: noDomains,
      domain: () => Promise.reject(new AssentError('not-found', 'There is no such domain.')),
    });
    for (const [target, status, consistency] of [
      ['/v1/domains', 200, 'linearizable'],
      ['/v1/domains?consistency=local', 200, 'local'],
      ['/v1/domains/nowhere?consistency=local', 404, 'local'],
    ] as const) {
      const response = await fetch(url + target);
      expect([
        response.status,
        response.headers.get('assent-consistency'),
        response.headers.get('assent-applied-height'),
        response.headers.get('assent-applied-time'),
      ]).toEqual([status, consistency, '3', '2023-11-14T22:13:20.123Z']);
    }
  });

  it('that decide say so too, with the answer as with why there is none', async () => {
    const asked: unknown[] = [];
    const url = await serve({
      read: (consistency) =>
        nodeWith({
          decide(question) {
            asked.push([question, consistency]);
            if (consistency === 'in-force') return Promise.resolve('{"decision":"deny"}');
            return Promise.reject(new AssentError('not-found', 'There is no such domain.'));
          },
        }).read(consistency),
    });
    const question = { domain: 'nowhere' };
    for (const [query, status, consistency] of [
      ['', 200, 'in-force'],
      ['?consistency=linearizable', 404, 'linearizable'],
      ['?consistency=local', 404, 'local'],
    ] as const) {
      const response = await fetch(`${url}/v1/decisions${query}`, post(JSON.stringify(question), 'application/json'));
      expect([response.status, response.headers.get('content-type')]).toEqual([
        status,
        'application/json; charset=utf-8',
      ]);
      expect([response.headers.get('assent-consistency'), response.headers.get('assent-applied-height')]).toEqual([
        consistency,
        '3',
      ]);
      const reply = (await response.json()) as Partial<ErrorReply> & { readonly decision?: string };
      expect([reply.decision, reply.error?.code]).toEqual(
        status === 200 ? ['deny', undefined] : [undefined, 'not-found'],
      );
    }
    expect(asked).toEqual([
      [question, 'in-force'],
      [question, 'linearizable'],
      [question, 'local'],
    ]);
  });

  it.each([
    '[]',
    'null',
    '"domain"',
    '{"domain":"north","view":"whole"}',
    '{"domain":"north","view":["full"]}',
    '{"domain":"north","at":"7"}',
    '{"domain":"north","questions":"none"}',
    '{"commit":"true","transactions":"00"}',
  ])('that decide on %s are refused', async (body) => {
    const url = await serve({ decide: () => Promise.reject(new AssentError('internal', 'It was asked.')) });
    const error = await errorOf(await fetch(`${url}/v1/decisions`, post(body, 'application/json')));
    expect(error).toMatchObject({ status: 400, code: 'request-invalid' });
  });

  it('that decide pass questions on as they are', async () => {
    const asked: unknown[] = [];
    const url = await serve({
      decide(question) {
        asked.push(question);
        return Promise.resolve('{}');
      },
    });
    const questions = [
      {},
      { domain: 'north' },
      { domain: 'north', view: 'requester', at: { height: 3 }, data: { tags: ['a'] } },
    ];
    for (const question of questions)
      await fetch(`${url}/v1/decisions`, post(JSON.stringify(question), 'application/json'));
    expect(asked).toEqual(questions);
  });

  it('that cannot be had end with the reason, and say nothing of how far the node is', async () => {
    const url = await serve({
      readPoint: undefined,
      domains: () => Promise.reject(new AssentError('no-quorum', 'No leader confirmed it.')),
    });
    const response = await fetch(`${url}/v1/domains`);
    expect(response.headers.get('assent-applied-height')).toBeNull();
    expect(await errorOf(response)).toMatchObject({ status: 503, code: 'no-quorum' });
  });

  it.each([
    ['GET', '/v1/domains?consistency=eventual'],
    ['GET', '/v1/domains?consistency='],
    ['GET', '/v1/domains?consistency=in-force'],
    ['GET', '/v1/domains?consistency=local&consistency=local'],
    ['GET', '/v1/blocks?limit=3&consistency=LOCAL'],
    ['POST', '/v1/decisions?consistency=none'],
  ])('%s %s is refused with the parameter that is wrong', async (method, target) => {
    const url = await serve({ domains: noDomains });
    const body = method === 'POST' ? post('{}', 'application/json') : {};
    const error = await errorOf(await fetch(url + target, body));
    expect(error).toMatchObject({ status: 400, code: 'request-invalid' });
    expect(error.message).toContain('consistency');
  });

  it('keep the rest of their query', async () => {
    const asked: unknown[] = [];
    const url = await serve({
      blocks(query) {
        asked.push(query);
        return Promise.resolve({ blocks: [] });
      },
    });
    await fetch(`${url}/v1/blocks?consistency=local&limit=3`);
    expect(asked).toEqual([{ from: 1, limit: 3 }]);
  });

  it('are not what status and readiness are', async () => {
    const url = await serve({
      read() {
        throw new InvariantError('the ledger is not read');
      },
      readiness: () => Promise.resolve(),
    });
    const response = await fetch(`${url}/readyz`);
    expect([response.status, response.headers.get('assent-consistency')]).toEqual([200, null]);
  });
});

describe('requests', () => {
  it.each([
    ['/v1/decisions', (value: string) => `{"agent":${value}}`],
    ['/v1/decisions', (value: string) => `{"questions":[${value}]}`],
    ['/v1/archive/prune', (value: string) => value],
    ['/v1/leadership/transfer', (value: string) => `{"to":${value}}`],
  ])('to %s that nest without end are refused, and nothing breaks', async (path, around) => {
    const bugs: unknown[] = [];
    const url = await serve({}, { onBug: (bug) => bugs.push(bug) });
    for (const levels of [65, 9000]) {
      for (const [open, close] of [
        ['[', ']'],
        ['{"a":', '}'],
      ] as const) {
        const body = around(`${open.repeat(levels)}0${close.repeat(levels)}`);
        const error = await errorOf(await fetch(`${url}${path}`, post(body, 'application/json')));
        expect([error.status, error.message]).toEqual([400, 'The body nests more than 64 levels.']);
      }
    }
    expect(bugs).toEqual([]);
  });

  it.each([
    ['/v1/blocks?from=0', 'from'],
    ['/v1/blocks?limit=101', 'limit'],
    ['/v1/blocks?limit=two', 'limit'],
    ['/v1/blocks?form=1', 'form'],
    ['/v1/blocks/latest', 'reference'],
    ['/v1/transactions/abcd', 'id'],
    ['/v1/subjects/somebody/access', 'did'],
    ['/v1/domains/Not%20A%20Name', 'name'],
  ])('%s is refused with the place that is wrong', async (target, place) => {
    const url = await serve({});
    const error = await errorOf(await fetch(url + target));
    expect(error).toMatchObject({ status: 400, code: 'request-invalid' });
    expect(error.message).toContain(place);
  });

  it('get their defaults', async () => {
    const asked: unknown[] = [];
    const url = await serve({
      blocks(query) {
        asked.push(query);
        return Promise.resolve({ blocks: [] });
      },
    });
    await fetch(`${url}/v1/blocks`);
    expect(asked).toEqual([{ from: 1, limit: 20 }]);
  });

  it('from a page of another origin are refused', async () => {
    const { port } = new URL(await serve({}));
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /healthz HTTP/1.1\r\nhost: attacker.example\r\nconnection: close\r\n\r\n');
    expect(await text(socket)).toContain('"code":"host-refused"');
  });

  it('beyond the bound are refused at once', async () => {
    const held = Promise.withResolvers<never>();
    const url = await serve({ status: () => held.promise }, { limits: { requestsMax: 1 } });
    const first = fetch(`${url}/v1/status`);
    const refused = await refusedEventually(() => fetch(`${url}/openapi.json`));
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await errorOf(refused)).toMatchObject({ status: 503, code: 'overloaded' });
    held.reject(new AssentError('not-found', 'done'));
    expect((await first).status).toBe(404);
    expect((await fetch(`${url}/openapi.json`)).status).toBe(200);
  });

  /** The first request counts from the moment it arrives, which the client does not see. */
  async function refusedEventually(request: () => Promise<Response>): Promise<Response> {
    for (;;) {
      const response = await request();
      if (response.status === 503) return response;
      await response.arrayBuffer();
    }
  }
});

describe('where a block is', () => {
  it('is asked by its height, and waited for as long as is said', async () => {
    const asked: unknown[] = [];
    const others = [{ nodeId, member: null, standing: 'barred' } as const];
    const url = await serve({
      inForce(height, { timeoutMs }) {
        asked.push([height, timeoutMs]);
        return Promise.resolve({ height, inForce: true, others });
      },
    });
    const view = await (await fetch(`${url}/v1/blocks/7/in-force?timeoutMs=0`)).json();
    expect(view).toEqual({ height: 7, inForce: true, others });
    await fetch(`${url}/v1/blocks/8/in-force`);
    expect(asked).toEqual([
      [7, 0],
      [8, 10_000],
    ]);
    expect(await errorOf(await fetch(`${url}/v1/blocks/head/in-force`))).toMatchObject({ code: 'request-invalid' });
  });
});

describe('submissions', () => {
  const accepting: Answers = {
    submit: ({ batched, wait }, done) => done([{ status: wait === 'none' && batched ? 'accepted' : 'committed' }]),
  };
  const committedAt = (height: number): OutcomeView => {
    const receipt = { id: '00'.repeat(32), height, index: 0, timestamp: 1, blockHash: '11'.repeat(32) };
    return { status: 'committed', receipt: { ...receipt, result: { ok: true } } };
  };
  const error = { code: 'validity-window', message: 'No.', action: 'Sign.' };
  const refused = { status: 'refused', error } as const;
  const severalBlocks = [committedAt(7), refused, committedAt(9), committedAt(8)];
  const overloaded = (): Promise<never> => Promise.reject(new AssentError('overloaded', 'Too many wait.'));
  const said = async (answers: Answers, query: string): Promise<unknown> => {
    const body = post(new Uint8Array(1), transactionsMediaType);
    const reply = await fetch(`${await serve(answers)}/v1/transactions${query}`, body);
    expect(reply.status).toBe(200);
    return reply.json();
  };

  it('pass the bytes on as they came', async () => {
    const seen: Uint8Array[] = [];
    const url = await serve({
      submit({ body }, done) {
        seen.push(body);
        done([{ status: 'committed' }]);
      },
    });
    const bytes = Uint8Array.from({ length: 300 }, (_, index) => index % 256);
    const response = await fetch(`${url}/v1/transactions`, post(bytes, transactionMediaType));
    expect(await response.json()).toEqual({ outcomes: [{ status: 'committed' }] });
    expect([...(seen[0] ?? [])]).toEqual([...bytes]);
  });

  it('are answered with 202 when nobody waits', async () => {
    const url = await serve(accepting);
    const response = await fetch(`${url}/v1/transactions?wait=none`, post(new Uint8Array(1), transactionsMediaType));
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ outcomes: [{ status: 'accepted' }] });
  });

  it('with wait=everywhere say which nodes have the last block of those that are committed, as far as that is known', async () => {
    const outcomes = severalBlocks;
    const asked: { height: number; timeoutMs: number }[] = [];
    const reach = (height: number, { timeoutMs }: ReachQuery): Promise<ReachView> => {
      asked.push({ height, timeoutMs });
      return Promise.resolve({ height, everywhere: true, nodes: [] });
    };
    const query = '?wait=everywhere&timeoutMs=2000';
    const submit: Answers['submit'] = (_, done) => done(outcomes);
    expect(await said({ submit, reach }, query)).toEqual({
      outcomes,
      reach: { height: 9, everywhere: true, nodes: [] },
    });
    expect(asked).toEqual([{ height: 9, timeoutMs: expect.toSatisfy((ms: number) => ms > 0 && ms <= 2000) }]);
    expect(await said({ submit, reach: overloaded }, query)).toEqual({ outcomes });
    expect(await said({ submit: (_, done) => done([refused]), reach }, query)).toEqual({ outcomes: [refused] });
    expect(asked).toHaveLength(1);
  });

  it.each([
    ['', 10_000],
    ['?timeoutMs=2000', 2000],
    ['?wait=in-force&timeoutMs=2000', 2000],
  ])(
    'unless told otherwise say whether the last block of those that are committed is in force: "%s"',
    async (query, allMs) => {
      const outcomes = severalBlocks;
      const asked: { height: number; timeoutMs: number }[] = [];
      const submit: Answers['submit'] = (_, done) => done(outcomes);
      const other = { nodeId, member: 'st-mary', standing: 'unknown' } as const;
      for (const found of [
        { inForce: true, others: [] },
        { inForce: false, others: [other] },
      ]) {
        const inForce = (height: number, { timeoutMs }: ReachQuery): Promise<InForceView> => {
          asked.push({ height, timeoutMs });
          return Promise.resolve({ height, ...found });
        };
        expect(await said({ submit, inForce }, query)).toEqual({ outcomes, inForce: { height: 9, ...found } });
      }
      const timeoutMs = expect.toSatisfy((ms: number) => ms > 0 && ms <= allMs);
      expect(asked).toEqual([
        { height: 9, timeoutMs },
        { height: 9, timeoutMs },
      ]);
      expect(await said({ submit, inForce: overloaded }, query)).toEqual({ outcomes });
    },
  );

  it('of which nothing is committed, or that wait for the commit alone, ask nobody what is in force', async () => {
    const inForce = (): Promise<never> => Promise.reject(new InvariantError('nobody waits for that'));
    expect(await said({ submit: (_, done) => done([refused]), inForce }, '')).toEqual({ outcomes: [refused] });
    const submit: Answers['submit'] = (_, done) => done([committedAt(7)]);
    expect(await said({ submit, inForce }, '?wait=committed')).toEqual({ outcomes: [committedAt(7)] });
  });

  it('of one transaction that is not taken end with its error', async () => {
    const unsigned = { code: 'signature-invalid', message: 'No.', action: 'Sign.' };
    const url = await serve({ submit: (_, done) => done([{ status: 'refused', error: unsigned }]) });
    const single = await fetch(`${url}/v1/transactions`, post(new Uint8Array(1), transactionMediaType));
    expect(await errorOf(single)).toEqual({ status: 401, ...unsigned });
    const batch = await fetch(`${url}/v1/transactions`, post(new Uint8Array(1), transactionsMediaType));
    expect(batch.status).toBe(200);
    expect(await batch.json()).toEqual({ outcomes: [{ status: 'refused', error: unsigned }] });
  });

  it('above their bound are refused, each form with its code', async () => {
    const url = await serve(accepting);
    const single = await fetch(`${url}/v1/transactions`, post(new Uint8Array(192 * 1024 + 1), transactionMediaType));
    expect(await errorOf(single)).toMatchObject({ status: 413, code: 'transaction-too-large' });
    const batch = await fetch(
      `${url}/v1/transactions`,
      post(new Uint8Array(4 * 1024 * 1024 + 1), transactionsMediaType),
    );
    expect(await errorOf(batch)).toMatchObject({ status: 413, code: 'encoding-too-large' });
  });

  it.each(['application/json', 'text/plain'])('of type %s are refused', async (mediaType) => {
    const url = await serve(accepting);
    const response = await fetch(`${url}/v1/transactions`, post('{}', mediaType));
    expect(await errorOf(response)).toMatchObject({ status: 400, code: 'request-invalid' });
  });
});

describe('listening', () => {
  const servers: ApiServer[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.close(100);
  });
  const server = (): ApiServer => {
    const made = new ApiServer({
      service: nodeWith({}),
      version: '1.2.3',
      logger: silentLogger,
      onBug: () => undefined,
    });
    servers.push(made);
    return made;
  };

  it.each(['0.0.0.0', '::', '192.0.2.1', 'localhost', 'example.org', '::ffff:127.0.0.1'])(
    'refuses to bind %s',
    async (host) => {
      await expect(server().listen(host, 0)).rejects.toMatchObject({ code: 'address-refused' });
    },
  );

  it('names the port that is taken', async () => {
    const port = await server().listen('127.0.0.1', 0);
    await expect(server().listen('127.0.0.1', port)).rejects.toMatchObject({
      code: 'port-in-use',
      message: `Another program listens on 127.0.0.1:${port}.`,
    });
  });
});
