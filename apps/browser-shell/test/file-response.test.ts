import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskFiles, diskImage, IMAGE_SIZE } from '../src/server/disk-image.ts';
import { readRange, sendFile } from '../src/server/file-response.ts';

describe('the range that is asked for', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-', { first: 90, last: 99 }],
    ['bytes=90-1000', { first: 90, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=-1000', { first: 0, last: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=9-5', undefined],
    ['bytes=0-1,5-6', undefined],
    ['bytes=-', undefined],
    ['bytes=1e3-', undefined],
    ['lines=1-2', undefined],
  ])('%s is %j', (header, range) => expect(readRange(header, 100)).toEqual(range));
});

describe('a file that is sent', () => {
  let folder: string;
  let server: Server;
  let url: string;
  const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index & 0xff));

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'vivarium-file-'));
    await writeFile(join(folder, 'file'), content);
    await writeFile(join(folder, 'empty'), '');
    server = createServer((request, response) => void sendFile(request, response, join(folder, request.url ?? '')));
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${url}/${path}`, { headers });
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  };

  it('comes whole, in part, or not when the browser has it', async () => {
    const whole = await get('file');
    expect([whole.status, whole.bytes.equals(content)]).toEqual([200, true]);
    const part = await get('file', { range: 'bytes=100-199' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 100-199/1000']);
    expect(part.bytes.equals(content.subarray(100, 200))).toBe(true);
    expect(part.headers.get('etag')).toBe(whole.headers.get('etag'));
    const known = await get('file', { 'if-none-match': whole.headers.get('etag') ?? '' });
    expect(known.status).toBe(304);
  });

  it('says what it has not', async () => {
    const beyond = await get('file', { range: 'bytes=1000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */1000']);
    expect((await get('missing')).status).toBe(404);
    expect((await get('empty')).bytes.length).toBe(0);
  });
});

describe('the disk image', () => {
  it('is an ext4 file system with the files, which others can read, and is made once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vivarium-image-'));
    try {
      const { signal } = new AbortController();
      const image = await diskImage(folder, signal);
      expect(await diskImage(folder, signal)).toBe(image);
      const check = spawnSync('/usr/sbin/e2fsck', ['-fn', image], { encoding: 'utf8' });
      expect([check.status, check.stdout]).toEqual([0, expect.stringContaining(`${IMAGE_SIZE / 4096} blocks`)]);
      for (const [path, bytes] of diskFiles()) {
        const read = spawnSync('/usr/sbin/debugfs', ['-R', `cat /${path}`, image], { maxBuffer: 2 * IMAGE_SIZE });
        const sum = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
        expect([path, sum(read.stdout)]).toEqual([path, sum(bytes)]);
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
