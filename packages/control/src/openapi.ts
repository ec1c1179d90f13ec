import * as z from 'zod';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';
import { problem } from './problem.ts';
import { inQuery, pathParts } from './router.ts';

type Json = Readonly<Record<string, unknown>>;

const schemaOf = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any', target: 'draft-2020-12' });
  return rest;
};

const json = (schema: Json, type = 'application/json'): Json => ({ content: { [type]: { schema } } });

const failure = {
  description: 'What is wrong, and what to do',
  ...json({ $ref: '#/components/schemas/Problem' }, 'application/problem+json'),
};

/** Fields of the input that are not in the path. */
const restOf = (operation: Operation): z.ZodObject => {
  const parts = pathParts(operation);
  const { shape } = operation.input;
  return z.strictObject(Object.fromEntries(Object.entries(shape).filter(([name]) => !parts.includes(name))));
};

const parametersOf = (operation: Operation): readonly Json[] => {
  const parameter = (place: 'path' | 'query') => (name: string) => {
    const field = operation.input.shape[name] as z.ZodType;
    const required = place === 'path' || !field.safeParse(undefined).success;
    return { name, in: place, required, schema: schemaOf(field, 'input') };
  };
  const query = inQuery(operation) ? Object.keys(restOf(operation).shape) : [];
  return [...pathParts(operation).map(parameter('path')), ...query.map(parameter('query'))];
};

const bodyOf = (operation: Operation): Json => {
  if (inQuery(operation) || operation.kind === 'stream') return {};
  const rest = restOf(operation);
  if (Object.keys(rest.shape).length === 0) return {};
  const required = !rest.safeParse({}).success;
  return { requestBody: { required, ...json(schemaOf(rest, 'input')) } };
};

const answerOf = (operation: Operation): Json =>
  operation.kind === 'call'
    ? { 200: { description: operation.summary, ...json(schemaOf(operation.output, 'output')) } }
    : { 101: { description: 'A WebSocket, as `x-websocket` describes' } };

/** OpenAPI has no words for what goes over a WebSocket. */
const socketOf = (operation: Operation): Json =>
  operation.kind === 'call'
    ? {}
    : {
        'x-websocket': {
          description:
            'The first message is the rest of the input, as JSON text. Then notes are JSON text, and bytes are binary messages whose first byte is the number of the channel. At the end of it the server closes with 1000; after an error with 1011, and the last message is `{"kind":"error","problem":…}`.',
          first: schemaOf(restOf(operation), 'input'),
          hears: schemaOf(operation.hears, 'input'),
          tells: schemaOf(operation.tells, 'output'),
          channels: operation.channels,
          takes: operation.takes,
        },
      };

const operationOf = (name: string, operation: Operation): Json => {
  const parameters = parametersOf(operation);
  return {
    operationId: name,
    summary: operation.summary,
    description: `Takes the role \`${operation.role}\`.`,
    tags: [operation.path.startsWith('/v1/machines') ? 'machines' : 'host'],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...bodyOf(operation),
    responses: { ...answerOf(operation), default: failure },
    'x-role': operation.role,
    ...socketOf(operation),
  };
};

/** The OpenAPI 3.1 document of the table of operations. `version` is that of the program that offers them. */
export const openApi = (version: string): Json => {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, operation] of Object.entries(operations)) {
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = operationOf(name, operation);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Vivarium',
      version,
      description: 'A host of many machines.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, {}],
    tags: [{ name: 'host' }, { name: 'machines' }],
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'Over TCP. Who may open the Unix socket needs none.' },
      },
      schemas: { Problem: schemaOf(problem, 'output') },
    },
  };
};
