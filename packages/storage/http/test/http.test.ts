import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BlockBackend, BlockBackendToken } from '@vivarium/contracts';
import { blockBackendSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import plugin, { storageHttp, storageHttpOptions } from '../src/index.ts';
import { type FakeServer, fakeServer } from './web-server.ts';

const KIBIBYTE = 1024;
const url = 'http://example.org/disk.img';

const make = async (server: FakeServer, options: Record<string, unknown> = {}) => {
  const given = { url, fetch: server.fetch, retryPause: 0, ...options };
  const { get, part, events } = await setupPart(storageHttp, { options: given });
  return { backend: get(BlockBackendToken), events, dispose: () => part.dispose?.() };
};

const counting = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 4 <= length; at += 4) view.setUint32(at, at * 2_654_435_761);
  return bytes;
};

const read = async (disk: BlockBackend, offset: number, length: number) => {
  const into = new Uint8Array(length);
  const result = await disk.read(offset, [into]);
  return { result, into };
};

describe.each([
  ['a usual cache', {}],
  ['the smallest cache', { blockSize: 4096, cacheSize: 0 }],
  ['blocks larger than the file, and much read ahead', { blockSize: 4096 * KIBIBYTE, readAhead: 65_536 * KIBIBYTE }],
])('a disk of a web server, with %s', (_what, options) => {
  // A file of no bytes has no first one to ask for: the server says so with 416.
  const suite = blockBackendSuite((content) => make(fakeServer(content), options));
  it.each(suite.filter(({ id }) => id !== 'block-backend/empty'))('$title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );
});

describe('what is asked for', () => {
  it('is one range for neighbours, and nothing twice', async () => {
    const server = fakeServer(counting(1024 * KIBIBYTE));
    const { backend } = await make(server, { readAhead: 0 });
    expect(server.asked).toEqual([[0, 1]]);
    await Promise.all([
      read(backend, 100 * 512, 200 * KIBIBYTE),
      read(backend, 100 * 512, 512),
      read(backend, 128 * KIBIBYTE, 512),
    ]);
    expect(server.asked.slice(1)).toEqual([[0, 256 * KIBIBYTE]]);
    const { into } = await read(backend, 0, 256 * KIBIBYTE);
    expect(Buffer.compare(into, server.content.subarray(0, into.length))).toBe(0);
    expect(server.asked.length).toBe(2);
    // From the cache it is there at once.
    expect(backend.read(0, [new Uint8Array(512)])).toBeUndefined();
    await read(backend, 192 * KIBIBYTE, 128 * KIBIBYTE);
    expect(server.asked.slice(2)).toEqual([[256 * KIBIBYTE, 320 * KIBIBYTE]]);
  });

  it('is read ahead when reads go on from each other, and only then', async () => {
    const server = fakeServer(counting(4096 * KIBIBYTE));
    const { backend } = await make(server, { readAhead: 256 * KIBIBYTE });
    await read(backend, 0, 4096);
    await read(backend, 2048 * KIBIBYTE, 4096);
    expect(server.asked.length).toBe(3);
    let answeredAtOnce = 0;
    for (let at = 2048 * KIBIBYTE + 4096; at < 4096 * KIBIBYTE; at += 4096) {
      const into = new Uint8Array(4096);
      const result = backend.read(at, [into]);
      if (!(result instanceof Promise)) answeredAtOnce++;
      expect(await result).toBeUndefined();
      expect(Buffer.compare(into, server.content.subarray(at, at + 4096))).toBe(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(answeredAtOnce).toBe(511);
    expect(server.asked.length).toBeLessThan(3 + 32);
  });

  it('is what the cache lost, once more', async () => {
    const server = fakeServer(counting(1024 * KIBIBYTE));
    const { backend } = await make(server, { cacheSize: 128 * KIBIBYTE, readAhead: 0 });
    for (const block of [0, 1, 0, 2, 0, 1]) await read(backend, block * 64 * KIBIBYTE, 512);
    expect(server.asked.slice(1).map(([start]) => start / 65_536)).toEqual([0, 1, 2, 1]);
  });

  it('is asked for by at most six requests at a time', async () => {
    const server = fakeServer(counting(1024 * KIBIBYTE));
    const { backend } = await make(server, { blockSize: 4096 });
    const results = await Promise.all(Array.from({ length: 100 }, (_, index) => read(backend, index * 8192, 512)));
    expect(results.every(({ result }) => result === undefined)).toBe(true);
    expect(server.most).toBe(6);
  });
});

describe('a file that changes', () => {
  it.each<[string, (server: FakeServer) => void]>([
    ['its ETag', (server) => (server.etag = '"2"')],
    ['its ETag to none', (server) => (server.etag = undefined)],
    ['its length', (server) => (server.content = counting(2048 * KIBIBYTE))],
    ['its length to less', (server) => (server.content = counting(512 * KIBIBYTE))],
  ])('in %s makes reads fail, but for what is here', async (_what, change) => {
    const server = fakeServer(counting(1024 * KIBIBYTE));
    const { backend, events } = await make(server, { readAhead: 0 });
    await read(backend, 0, 512);
    change(server);
    expect((await read(backend, 768 * KIBIBYTE, 512)).result).toBe('io');
    expect((await read(backend, 0, 512)).result).toBeUndefined();
    expect(events).toContainEqual(expect.objectContaining({ name: 'log' }));
  });
});

describe('a server that does what it should not', () => {
  type Answer = NonNullable<FakeServer['answer']>;
  const cases: [string, string, Answer][] = [
    [
      'sends the whole file',
      'VIV_STORAGE_HTTP_RANGES',
      () => new Response(Uint8Array.from(counting(4096)), { status: 200 }),
    ],
    ['does not have it', 'VIV_STORAGE_HTTP_STATUS', () => new Response(null, { status: 404 })],
    ['does not give it', 'VIV_STORAGE_HTTP_STATUS', () => new Response(null, { status: 403 })],
    ['is in trouble', 'VIV_STORAGE_HTTP_UNREACHABLE', () => new Response(null, { status: 503 })],
    [
      'does not say of what it sends a part',
      'VIV_STORAGE_HTTP_RANGES',
      (response) => (response.headers.delete('content-range'), response),
    ],
    [
      'sends another part',
      'VIV_STORAGE_HTTP_RANGES',
      (response) => (response.headers.set('content-range', 'bytes 1-1/4096'), response),
    ],
    [
      'does not know the size',
      'VIV_STORAGE_HTTP_RANGES',
      (response) => (response.headers.set('content-range', 'bytes 0-0/*'), response),
    ],
    [
      'encodes what it sends',
      'VIV_STORAGE_HTTP_RANGES',
      (response) => (response.headers.set('content-encoding', 'br'), response),
    ],
    [
      'sends less',
      'VIV_STORAGE_HTTP_UNREACHABLE',
      ({ headers }) => new Response(new Uint8Array(0), { status: 206, headers }),
    ],
    [
      'sends more, without an end',
      'VIV_STORAGE_HTTP_UNREACHABLE',
      ({ headers }) =>
        new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(1000)) }), {
          status: 206,
          headers,
        }),
    ],
    ['breaks the connection', 'VIV_STORAGE_HTTP_UNREACHABLE', () => Promise.reject(new Error('reset'))],
  ];

  it.each(cases)('%s: no machine is made', async (_what, code, answer) => {
    const server = fakeServer(counting(4096));
    server.answer = answer;
    await expect(make(server)).rejects.toMatchObject({ code, details: { url } });
  });

  it.each(cases)('%s, later: the read fails', async (_what, _code, answer) => {
    const server = fakeServer(counting(1024 * KIBIBYTE));
    const { backend } = await make(server);
    server.answer = (response, start, end) => (start === 0 ? answer(response, start, end) : response);
    expect((await read(backend, 0, 512)).result).toBe('io');
    server.answer = undefined;
    expect((await read(backend, 0, 512)).result).toBeUndefined();
  });

  it('is asked again when it may pass', async () => {
    const server = fakeServer(counting(1024 * KIBIBYTE));
    let failures = 0;
    server.answer = (response) => (++failures % 3 === 0 ? response : new Response(null, { status: 502 }));
    const { backend } = await make(server);
    const { result, into } = await read(backend, 0, 4096);
    expect(result).toBeUndefined();
    expect(Buffer.compare(into, server.content.subarray(0, 4096))).toBe(0);
    expect(failures).toBe(6);
  });

  it('never answers: a read fails when its time is up', async () => {
    const server = fakeServer(counting(1024 * KIBIBYTE));
    const { backend } = await make(server, { timeout: 5 });
    server.answer = () => new Promise(() => {});
    expect((await read(backend, 0, 512)).result).toBe('io');
    await expect(make(server, { timeout: 5 })).rejects.toMatchObject({ code: 'VIV_STORAGE_HTTP_UNREACHABLE' });
  });
});

describe('the part', () => {
  it('answers io once the machine went away, also to who waits', async () => {
    const server = fakeServer(counting(4096));
    const { backend, dispose } = await make(server);
    server.answer = () => new Promise(() => {});
    const waiting = read(backend, 0, 512);
    await new Promise((resolve) => setImmediate(resolve));
    await dispose();
    expect((await waiting).result).toBe('io');
    expect(backend.read(0, [new Uint8Array(512)])).toBe('io');
  });

  it('says when the file ends within a sector', async () => {
    const { backend, events } = await make(fakeServer(counting(1000)));
    expect(backend.capacity).toBe(512);
    expect(events).toContainEqual({ name: 'log', event: expect.objectContaining({ level: 'warn' }) as unknown });
  });

  it('refuses an empty file with a code', async () => {
    await expect(make(fakeServer(new Uint8Array(0)))).rejects.toMatchObject({ code: 'VIV_STORAGE_HTTP_RANGES' });
  });

  it.each([
    {},
    { url: 'disk.img' },
    { url: 'file:///etc/passwd' },
    { url, blockSize: 5000 },
    { url, fetch: 1 },
    { url, x: 1 },
  ])('refuses the options %o', (options) => expect(storageHttpOptions.safeParse(options).success).toBe(false));

  it('reads from a real server with the fetch of the platform', async () => {
    const content = counting(300 * KIBIBYTE);
    const server = createServer((request, response) => {
      const [, start = '0', last = '0'] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
      response.writeHead(206, {
        'content-range': `bytes ${start}-${last}/${content.length}`,
        'last-modified': 'Fri, 27 Nov 2026 09:00:00 GMT',
      });
      response.end(content.subarray(Number(start), Number(last) + 1));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const options = { url: `http://127.0.0.1:${port}/disk.img` };
      expect(plugin).toBe(storageHttp);
      const { get } = await setupPart(storageHttp, { options });
      const { result, into } = await read(get(BlockBackendToken), 0, content.length);
      expect(result).toBeUndefined();
      expect(Buffer.compare(into, content)).toBe(0);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
