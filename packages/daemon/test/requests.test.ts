import { expect, it } from 'vitest';
import { World } from './world.ts';

it('does what the table of operations says, over HTTP', async () => {
  await using world = await new World().listen();
  const made = await world.ask('POST', '/v1/machines', { body: { name: 'web', template: 'plain', start: true } });
  expect(made).toMatchObject({ status: 200, json: { name: 'web', status: 'running' } });
  expect(made.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  expect((await world.ask('GET', '/v1/machines/web')).json).toMatchObject({ name: 'web' });
  expect((await world.ask('POST', '/v1/machines/web/pause')).json).toMatchObject({ status: 'paused' });
  expect((await world.ask('GET', '/v1/audit?most=1')).json).toMatchObject({
    entries: [{ principal: 'owner', via: 'unix', operation: 'pause', target: 'web' }],
  });
  expect((await world.ask('DELETE', '/v1/machines/web')).status).toBe(200);
  expect((await world.ask('GET', '/v1/machines')).json).toEqual({ machines: [] });
});

it.each([
  ['an unknown path', 'GET', '/v1/nothing', {}, 404, 'VIV_CONTROL_UNKNOWN'],
  ['a path that is none', 'GET', '/v1/machines/%ff', {}, 404, 'VIV_CONTROL_UNKNOWN'],
  ['an unknown machine', 'GET', '/v1/machines/none', {}, 404, 'VIV_CONTROL_NO_MACHINE'],
  ['another method', 'PUT', '/v1/machines', {}, 405, 'VIV_DAEMON_METHOD'],
  ['a query that is none of it', 'GET', '/v1/machines?all=1', {}, 400, 'VIV_CONTROL_INPUT'],
  ['a number that is none', 'GET', '/v1/audit?most=many', {}, 400, 'VIV_CONTROL_INPUT'],
  ['a stream without a WebSocket', 'GET', '/v1/events', {}, 426, 'VIV_DAEMON_UPGRADE'],
  ['malformed JSON', 'POST', '/v1/machines', { raw: '{"name": ' }, 400, 'VIV_DAEMON_REQUEST'],
  ['JSON that is no object', 'POST', '/v1/machines', { raw: '[]' }, 400, 'VIV_DAEMON_REQUEST'],
  [
    'text that is no UTF-8',
    'POST',
    '/v1/machines',
    { raw: Buffer.from([0x22, 0xff, 0x22]) },
    400,
    'VIV_DAEMON_REQUEST',
  ],
  ['a field that is none', 'POST', '/v1/machines', { raw: '{"__proto__": 1}' }, 400, 'VIV_CONTROL_INPUT'],
  ['a name twice', 'PATCH', '/v1/machines/web', { raw: '{"name": "other"}' }, 400, 'VIV_DAEMON_REQUEST'],
  [
    'another content type',
    'POST',
    '/v1/machines',
    { raw: 'name=web', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'VIV_DAEMON_BODY_TYPE',
  ],
  [
    'another encoding',
    'POST',
    '/v1/machines',
    { raw: '{}', headers: { 'content-encoding': 'gzip' } },
    415,
    'VIV_DAEMON_BODY_TYPE',
  ],
] as const)('answers %s with a problem', async (_, method, path, options, status, code) => {
  await using world = await new World().listen();
  const reply = await world.ask(method, path, options);
  expect(reply).toMatchObject({ status, json: { status, code } });
  expect(reply.headers['content-type']).toBe('application/problem+json');
  expect(world.troubles).toEqual([]);
});

it('says which methods a path has', async () => {
  await using world = await new World().listen();
  expect((await world.ask('PUT', '/v1/machines/web')).headers).toMatchObject({ allow: 'GET, PATCH, DELETE' });
  expect((await world.ask('POST', '/metrics')).headers).toMatchObject({ allow: 'GET' });
});

it('describes itself, and counts what is asked', async () => {
  await using world = await new World().listen();
  await world.machine();
  const described = await world.ask('GET', '/v1/openapi.json');
  expect(described.json).toMatchObject({ openapi: '3.1.1', info: { version: '1.2.3' } });
  await world.ask('GET', '/v1/machines');
  await world.ask('GET', '/v1/machines/none');
  const { headers, text } = await world.ask('GET', '/metrics');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const lines = text.split('\n');
  expect(lines).toEqual(
    expect.arrayContaining([
      'vivarium_machines{status="running"} 1',
      'vivarium_machines{status="ended"} 0',
      'vivarium_machine_memory_bytes{machine="web"} 1048576',
      'vivarium_machine_restarts_total{machine="web"} 0',
      'vivarium_requests_total{operation="openapi",outcome="done"} 1',
      'vivarium_requests_total{operation="list",outcome="done"} 1',
      'vivarium_requests_total{operation="inspect",outcome="refused"} 1',
      'vivarium_connections{via="unix"} 1',
    ]),
  );
  // A comment or a sample, as the format has them.
  const sample = /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e+-]+|)$/;
  expect(lines.filter((line) => !sample.test(line))).toEqual([]);
});
