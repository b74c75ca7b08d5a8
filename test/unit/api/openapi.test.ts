import { describe, expect, it } from 'vitest';
import { errorsOf, openApiDocument, requestTarget, routeList, routes } from '../../../src/api/index.ts';
import { errorTable } from '../../../src/base/index.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly headers?: object }>>;
}

const document = openApiDocument('1.2.3') as unknown as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
};

function operationOf(route: (typeof routeList)[number]): Operation {
  const operation = document.paths[route.path]?.[route.method.toLowerCase()];
  if (operation === undefined) throw new Error(`${route.operation} is not in the document`);
  return operation;
}

describe('openapi.json', () => {
  it('has each route once and nothing else', () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    );
    const defined = routeList.map((route) => `${route.method.toLowerCase()} ${route.path} ${route.operation}`);
    expect(described.sort()).toEqual(defined.sort());
    expect(new Set(routeList.map((route) => route.operation)).size).toBe(routeList.length);
  });

  it.each(routeList.map((route) => [route.operation, route] as const))(
    '%s declares the parameters of its path',
    (_, route) => {
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const declared = operationOf(route).parameters.filter((parameter) => parameter.in === 'path');
      expect(declared.map((parameter) => parameter.name)).toEqual(inPath);
      expect(declared.every((parameter) => parameter.required)).toBe(true);
    },
  );

  it.each(routeList.map((route) => [route.operation, route] as const))(
    '%s documents every error it can give',
    (_, route) => {
      const { responses } = operationOf(route);
      for (const code of errorsOf(route)) {
        expect(responses[errorTable[code].httpStatus]?.description).toContain(`\`${code}\``);
      }
    },
  );

  it('gives every route under /v1 that reads the ledger its consistency, and no other', () => {
    const described = routeList.filter((route) => {
      const { parameters, responses } = operationOf(route);
      const takes = parameters.some(
        ({ name, in: place, required }) => name === 'consistency' && place === 'query' && !required,
      );
      expect(responses[200]?.headers !== undefined).toBe(takes);
      return takes;
    });
    const reading = routeList.filter(({ path }) => path.startsWith('/v1/'));
    const others = [
      routes.submit,
      routes.lookAtArchive,
      routes.prune,
      routes.createSnapshot,
      routes.snapshots,
      routes.backup,
      routes.transferLeadership,
      routes.inForce,
      routes.reach,
      routes.genesis,
      routes.evidence,
      routes.evidenceRecord,
      routes.status,
    ].map(({ operation }) => operation);
    expect(described.map(({ operation }) => operation)).toEqual(
      reading.map(({ operation }) => operation).filter((operation) => !others.includes(operation)),
    );
    expect(errorsOf(routes.block)).toEqual(expect.arrayContaining(['no-quorum', 'node-behind', 'block-unknown']));
  });

  it('lets decisions alone ask for what is in force, and they do unless told otherwise', () => {
    for (const route of routeList.filter(({ readsLedger }) => readsLedger === true)) {
      const { schema } = operationOf(route).parameters.find(({ name }) => name === 'consistency') ?? {};
      expect(schema).toMatchObject(
        route.operation === 'decide'
          ? { enum: ['in-force', 'linearizable', 'local'], default: 'in-force' }
          : { enum: ['linearizable', 'local'], default: 'linearizable' },
      );
    }
  });

  it('leaves no reference open', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(references.length).toBeGreaterThan(20);
    for (const name of references) expect(document.components.schemas).toHaveProperty(name);
  });

  it('says which media types a submission may have', () => {
    expect(Object.keys(operationOf(routes.submit).requestBody?.content ?? {})).toEqual([
      'application/octet-stream',
      'application/vnd.assent.transactions',
    ]);
  });
});

describe('requestTarget', () => {
  it('fills the path and leaves out what is not given', () => {
    expect(requestTarget(routes.block, { reference: 'head' }, {})).toBe('/v1/blocks/head');
    expect(requestTarget(routes.blocks, {}, { from: 7, limit: undefined })).toBe('/v1/blocks?from=7');
  });

  it('asks for a consistency only where there is one', () => {
    expect(requestTarget(routes.blocks, {}, { from: 7 }, 'local')).toBe('/v1/blocks?from=7&consistency=local');
    expect(requestTarget(routes.status, {}, {}, 'local')).toBe('/v1/status');
  });

  it('encodes what would change the path', () => {
    expect(requestTarget(routes.domain, { name: 'a/../b?c' }, {})).toBe('/v1/domains/a%2F..%2Fb%3Fc');
  });
});
