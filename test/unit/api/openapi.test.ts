import { describe, expect, it } from 'vitest';
import { commonErrors, openApiDocument, requestTarget, routeList, routes } from '../../../src/api/index.ts';
import { errorTable } from '../../../src/base/index.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
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
      for (const code of [...route.errors, ...commonErrors]) {
        expect(responses[errorTable[code].httpStatus]?.description).toContain(`\`${code}\``);
      }
    },
  );

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

  it('encodes what would change the path', () => {
    expect(requestTarget(routes.domain, { name: 'a/../b?c' }, {})).toBe('/v1/domains/a%2F..%2Fb%3Fc');
  });
});
