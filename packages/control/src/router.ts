import * as z from 'zod';
import type { Operation } from './operation.ts';
import { type OperationName, operations } from './operations.ts';

/** An operation that a request means, and what its path says. */
export interface Route {
  readonly name: OperationName;
  readonly operation: Operation;
  readonly parts: Readonly<Record<string, string>>;
}

/** No operation has this path; or it has, with other methods. */
export type NoRoute = 'path' | 'method';

interface Entry {
  readonly name: OperationName;
  readonly operation: Operation;
  readonly segments: readonly string[];
}

const entries: readonly Entry[] = Object.entries(operations).map(([name, operation]) => ({
  name: name as OperationName,
  operation,
  segments: operation.path.slice(1).split('/'),
}));

const partOf = (segment: string): string | undefined => /^\{(\w+)\}$/.exec(segment)?.[1];

const match = (segments: readonly string[], given: readonly string[]): Readonly<Record<string, string>> | undefined => {
  if (segments.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const name = partOf(segment);
    const text = given[index] ?? '';
    if (name === undefined) {
      if (segment !== text) return undefined;
    } else parts[name] = text;
  }
  return parts;
};

const decoded = (path: string): readonly string[] | undefined => {
  try {
    return path.slice(1).split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
};

/** The operation behind a method and a path (without query), from the table alone. */
export const route = (method: string, path: string): Route | NoRoute => {
  const given = decoded(path);
  if (given === undefined) return 'path';
  let known = false;
  for (const { name, operation, segments } of entries) {
    const parts = match(segments, given);
    if (parts === undefined) continue;
    if (operation.method === method) return { name, operation, parts };
    known = true;
  }
  return known ? 'method' : 'path';
};

/** Names in an operation's path. */
export const pathParts = ({ path }: Operation): readonly string[] =>
  path.split('/').flatMap((segment) => partOf(segment) ?? []);

/** Whether what is not in the path of a call comes in its query and not in a body. */
export const inQuery = ({ method, kind }: Operation): boolean =>
  kind === 'call' && (method === 'GET' || method === 'DELETE');

/** Text of a query as what the schema of its field wants: numbers and booleans have no quotes there. */
export const fromQuery = (operation: Operation, name: string, text: string): unknown => {
  const field = operation.input.shape[name] as z.ZodType | undefined;
  if (field === undefined) return text;
  const { type } = z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' });
  if ((type === 'integer' || type === 'number') && /^-?\d{1,16}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
};

/** Where a request for this operation goes: path with its parts filled in, and what is left of the input. */
export const requestFor = (
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
): { readonly path: string; readonly rest: Readonly<Record<string, unknown>> } => {
  const parts = pathParts(operation);
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])));
  const rest = Object.fromEntries(
    Object.entries(input).filter(([name, value]) => !parts.includes(name) && value !== undefined),
  );
  if (!inQuery(operation)) return { path, rest };
  const query = new URLSearchParams(
    Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)])),
  ).toString();
  return { path: query === '' ? path : `${path}?${query}`, rest: {} };
};
