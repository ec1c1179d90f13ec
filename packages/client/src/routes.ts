import type { OperationName, Operations } from '@vivarium/control';

/**
 * Where operations are: what a client has to know of their table at run time. The compiler holds it against the table.
 */
export const routes = {
  status: { method: 'GET', path: '/v1/status' },
  list: { method: 'GET', path: '/v1/machines' },
  inspect: { method: 'GET', path: '/v1/machines/{name}' },
  create: { method: 'POST', path: '/v1/machines' },
  destroy: { method: 'DELETE', path: '/v1/machines/{name}' },
  start: { method: 'POST', path: '/v1/machines/{name}/start' },
  stop: { method: 'POST', path: '/v1/machines/{name}/stop' },
  kill: { method: 'POST', path: '/v1/machines/{name}/kill' },
  pause: { method: 'POST', path: '/v1/machines/{name}/pause' },
  resume: { method: 'POST', path: '/v1/machines/{name}/resume' },
  reset: { method: 'POST', path: '/v1/machines/{name}/reset' },
  set: { method: 'PATCH', path: '/v1/machines/{name}' },
  attachDevice: { method: 'POST', path: '/v1/machines/{name}/devices' },
  detachDevice: { method: 'DELETE', path: '/v1/machines/{name}/devices/{device}' },
  logs: { method: 'GET', path: '/v1/machines/{name}/consoles/{console}' },
  usage: { method: 'GET', path: '/v1/usage' },
  audit: { method: 'GET', path: '/v1/audit' },
  events: { method: 'GET', path: '/v1/events' },
  watch: { method: 'GET', path: '/v1/machines/{name}/consoles/{console}/watch' },
  attach: { method: 'GET', path: '/v1/machines/{name}/consoles/{console}/attach' },
  exec: { method: 'GET', path: '/v1/machines/{name}/exec' },
} as const satisfies { readonly [Name in OperationName]: Pick<Operations[Name], 'method' | 'path'> };

type Input = Readonly<Record<string, unknown>>;

/** Path of an operation with its parts filled in, and what of the input is not in it. */
export const pathOf = (name: OperationName, input: Input): { readonly path: string; readonly rest: Input } => {
  const used = new Set<string>();
  const path = routes[name].path.replace(/\{(\w+)\}/g, (_, part: string) => {
    used.add(part);
    return encodeURIComponent(String(input[part]));
  });
  const rest = Object.entries(input).filter(([field, value]) => !used.has(field) && value !== undefined);
  return { path, rest: Object.fromEntries(rest) };
};

/** What is not in the path of a GET or DELETE is its query. */
export const queryOf = (rest: Input): string => {
  const query = new URLSearchParams(
    Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, String(value)])),
  ).toString();
  return query === '' ? '' : `?${query}`;
};
