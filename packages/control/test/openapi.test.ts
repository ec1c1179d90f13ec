import { Validator } from '@seriousme/openapi-schema-validator';
import { fromQuery, openApi, type Operation, operationNamed, operations, requestFor, route } from '@vivarium/control';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const all = Object.entries(operations) as unknown as readonly (readonly [string, Operation])[];

describe('the OpenAPI document', () => {
  it('is one, as a validator of others finds', async () => {
    const document = openApi('1.2.3');
    const result = await new Validator().validate(structuredClone(document) as Record<string, unknown>);
    expect(result.errors).toBeUndefined();
    expect(result.valid).toBe(true);
  });

  it('would not be without a description of its answers', async () => {
    const broken = structuredClone(openApi('1.2.3')) as {
      paths: Record<string, Record<string, { responses: unknown }>>;
    };
    const get = broken.paths['/v1/status']?.['get'];
    if (get !== undefined) get.responses = { 200: {} };
    expect((await new Validator().validate(broken as unknown as Record<string, unknown>)).valid).toBe(false);
  });

  it('has every operation with its role, its input and what it answers', () => {
    const { paths } = openApi('1.2.3') as { readonly paths: Record<string, Record<string, Record<string, unknown>>> };
    for (const [name, operation] of all) {
      const described = paths[operation.path]?.[operation.method.toLowerCase()];
      expect(described).toMatchObject({ operationId: name, 'x-role': operation.role });
      const parameters = ((described?.['parameters'] ?? []) as { readonly name: string }[]).map((each) => each.name);
      const socket = described?.['x-websocket'] as { readonly first: { readonly properties?: object } } | undefined;
      const body = described?.['requestBody'] as
        | { readonly content: Record<string, { readonly schema: { readonly properties: object } }> }
        | undefined;
      const fields = [
        ...parameters,
        ...Object.keys(body?.content['application/json']?.schema.properties ?? {}),
        ...Object.keys(socket?.first.properties ?? {}),
      ];
      expect(fields.sort()).toEqual(Object.keys(operation.input.shape).sort());
      expect(socket !== undefined).toBe(operation.kind === 'stream');
    }
  });
});

describe('routes', () => {
  it.each(all)('%s is found where clients send it', (name, operation) => {
    const anything = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(anything, anything, (machine, console) => {
        const { path } = requestFor(operation, { name: machine, console });
        const found = route(operation.method, path.split('?')[0] ?? '');
        const parts = {
          ...(operation.path.includes('{name}') ? { name: machine } : {}),
          ...(operation.path.includes('{console}') ? { console } : {}),
        };
        expect(found).toMatchObject({ name, parts });
      }),
    );
  });

  it('are none for other methods, other paths and what is no path', () => {
    expect(route('PUT', '/v1/machines')).toBe('method');
    expect(route('GET', '/v1/machines/web/start')).toBe('method');
    expect(route('GET', '/v2/machines')).toBe('path');
    expect(route('GET', '/v1/machines/%ff')).toBe('path');
    expect(route('GET', '')).toBe('path');
    fc.assert(
      fc.property(fc.string(), (path) => {
        expect(typeof route('GET', path)).toMatch(/string|object/);
      }),
    );
  });

  it('queries have numbers where the schema wants them', () => {
    const logs = operationNamed('logs') as Operation;
    expect(fromQuery(logs, 'scrollback', '12')).toBe(12);
    expect(fromQuery(logs, 'scrollback', 'x')).toBe('x');
    expect(fromQuery(logs, 'console', '12')).toBe('12');
    expect(fromQuery(logs, 'none', '12')).toBe('12');
  });
});
