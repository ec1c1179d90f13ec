import type { IncomingMessage } from 'node:http';
import { type Control, fromQuery, inQuery, openApi, type Principal, type Route, route } from '@vivarium/control';
import { errors } from '../errors.ts';
import { prometheus, type RequestCounts } from '../metrics.ts';
import { type Answer, jsonAnswer, problemAnswer } from './answer.ts';
import { readBody } from './body.ts';

/** What answers requests. */
export interface Calls {
  readonly control: Control;
  readonly counts: RequestCounts;
  readonly version: string;
  readonly bodyBytes: number;
  /** Open connections by the way in. */
  readonly connections: () => Readonly<Record<string, number>>;
}

const METHODS = ['GET', 'POST', 'PATCH', 'DELETE'] as const;

/** The target of a request. Throws `VIV_DAEMON_REQUEST`. */
export const targetOf = ({ url = '' }: IncomingMessage): URL => {
  if (!url.startsWith('/')) throw errors.make('VIV_DAEMON_REQUEST', 'the target of the request is no path');
  try {
    return new URL(`http://localhost${url}`);
  } catch (cause) {
    throw errors.make('VIV_DAEMON_REQUEST', 'the target of the request is no path', { cause });
  }
};

/** Input of an operation from path and query, or body. */
const inputOf = async (
  { operation, parts }: Route,
  query: URLSearchParams,
  body: () => Promise<Readonly<Record<string, unknown>>>,
): Promise<Readonly<Record<string, unknown>>> => {
  const rest = inQuery(operation)
    ? Object.fromEntries([...query].map(([name, text]) => [name, fromQuery(operation, name, text)]))
    : await body();
  const twice = Object.keys(parts).find((name) => Object.hasOwn(rest, name));
  if (twice !== undefined) throw errors.make('VIV_DAEMON_REQUEST', `${twice} is in the path, and given once more`);
  return { ...rest, ...parts };
};

const metrics = async ({ control, counts, connections }: Calls, principal: Principal): Promise<Answer> => {
  const [status, usage] = [await control.call(principal, 'status', {}), await control.call(principal, 'usage', {})];
  const body = prometheus({ status, usage, requests: counts, connections: connections() });
  return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body };
};

/** What is there besides operations. */
const extras: Readonly<
  Record<string, { readonly name: 'metrics' | 'openapi'; answer(calls: Calls, principal: Principal): Promise<Answer> }>
> = {
  '/metrics': { name: 'metrics', answer: metrics },
  '/v1/openapi.json': { name: 'openapi', answer: async ({ version }) => jsonAnswer(openApi(version)) },
};

/** Answers a request of somebody who was let in. */
export const answerCall = async (calls: Calls, principal: Principal, request: IncomingMessage): Promise<Answer> => {
  const { method = '' } = request;
  const url = targetOf(request);
  const extra = Object.hasOwn(extras, url.pathname) ? extras[url.pathname] : undefined;
  const found = extra === undefined ? route(method, url.pathname) : method === 'GET' ? extra : 'method';
  if (found === 'method') {
    const allow = METHODS.filter((each) => typeof route(each, url.pathname) === 'object').join(', ');
    const error = errors.make('VIV_DAEMON_METHOD', `${method} does not go with ${url.pathname.slice(0, 128)}`);
    return problemAnswer(error, { allow: allow === '' ? 'GET' : allow });
  }
  // The control plane knows no operation of such a name, and says and notes so.
  if (found === 'path') return jsonAnswer(await calls.control.call(principal, `${method} ${url.pathname}`, undefined));
  if ('answer' in found) return found.answer(calls, principal);
  if (found.operation.kind === 'stream') {
    const error = errors.make('VIV_DAEMON_UPGRADE', `${found.name} is a stream: ask for a WebSocket`);
    return problemAnswer(error, { upgrade: 'websocket' });
  }
  const input = await inputOf(found, url.searchParams, () => readBody(request, calls.bodyBytes));
  return jsonAnswer(await calls.control.call(principal, found.name, input));
};

/** The name under which a request is counted. */
export const countedAs = (request: IncomingMessage): Parameters<RequestCounts['add']>[0] => {
  try {
    const { pathname } = targetOf(request);
    const extra = Object.hasOwn(extras, pathname) ? extras[pathname] : undefined;
    if (extra !== undefined) return extra.name;
    const found = route(request.method ?? '', pathname);
    return typeof found === 'object' ? found.name : 'none';
  } catch {
    return 'none';
  }
};
