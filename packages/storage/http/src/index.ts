/**
 * A read-only disk that is a file on a web server: parts of it are asked for as the guest reads them, and kept in a
 * cache. A machine starts from an image that nobody downloaded first; with `@vivarium/storage-overlay` over it, it may
 * write, too. The server must serve ranges, and the file must stay what it is: when its size, ETag or date is another
 * one, reads fail rather than give parts of two files.
 *
 * Specification: RFC 9110, section 14 (range requests) and 8.8 (validators).
 * Contract: `BlockBackend` in `@vivarium/contracts`.
 *
 * @example
 * import { storageHttp } from '@vivarium/storage-http';
 *
 * const part = { id: 'image', plugin: storageHttp, options: { url: 'https://example.org/disk.img' } };
 *
 * @module
 */
import { BlockBackendToken, bind, CONTRACTS_MAJOR, definePlugin } from '@vivarium/contracts';
import * as z from 'zod';
import { HttpDisk } from './http-disk.ts';
import { RangeSource } from './range-source.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
/** Faults of one disk that are logged; a guest can make any number of them. */
const MOST_LOGGED = 16;
/** Attempts at a request that fails on its way. */
const ATTEMPTS = 4;

/** Options of the disk. */
export const storageHttpOptions = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  /** Asks the server. Default: that of the platform. */
  fetch: z.custom<typeof globalThis.fetch>((value) => typeof value === 'function', 'must be a function').optional(),
  /** Sent with each request, for example `authorization`. */
  headers: z.record(z.string(), z.string()).default({}),
  /** Bytes that are asked for and kept as one: a power of two. */
  blockSize: z
    .int()
    .min(4 * KIBIBYTE)
    .max(4 * MEBIBYTE)
    .refine((size) => Number.isInteger(Math.log2(size)), 'must be a power of two')
    .default(64 * KIBIBYTE),
  /** Bytes of memory for what is kept. */
  cacheSize: z
    .int()
    .min(0)
    .max(4096 * MEBIBYTE)
    .default(64 * MEBIBYTE),
  /** Bytes that are asked for ahead of a guest that reads on and on; at most a quarter of `cacheSize` is. */
  readAhead: z
    .int()
    .min(0)
    .max(64 * MEBIBYTE)
    .default(512 * KIBIBYTE),
  /** Milliseconds in which a request must be answered. */
  timeout: z.int().min(1).max(3_600_000).default(30_000),
  /** Milliseconds before a request is made again that failed on its way; doubled each time. */
  retryPause: z.int().min(0).max(60_000).default(250),
});

/** The plugin. */
export const storageHttp = definePlugin<z.infer<typeof storageHttpOptions>>({
  name: '@vivarium/storage-http',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'read-only disk that is a file on a web server',
  provides: [BlockBackendToken],
  grants: ['host-network'],
  options: storageHttpOptions,
  setup: async ({ options, log }) => {
    const { url, headers, timeout, blockSize, cacheSize, readAhead, retryPause } = options;
    const gone = new AbortController();
    const source = await RangeSource.open({
      signal: gone.signal,
      url,
      headers,
      timeout,
      attempts: ATTEMPTS,
      pause: retryPause,
      fetch: options.fetch ?? globalThis.fetch,
    });
    let logged = 0;
    const cacheBlocks = Math.max(1, Math.floor(cacheSize / blockSize));
    const disk = new HttpDisk({
      source,
      blockSize,
      cacheBlocks,
      readAhead: Math.floor(Math.min(readAhead / blockSize, cacheBlocks / 4)),
      onFault: (error) => {
        if (logged++ < MOST_LOGGED) log.error('a part of the disk cannot be had', { url, error: String(error) });
      },
    });
    const rest = source.size - disk.capacity;
    if (rest > 0) log.warn('the file ends within a sector; the guest does not see its rest', { url, rest });
    const dispose = (): void => {
      disk.close();
      gone.abort();
    };
    return { provides: [bind(BlockBackendToken, disk)], dispose };
  },
});

export default storageHttp;
export { errorTable } from './errors.ts';
export { type ByteSource, HttpDisk, type HttpDiskSettings } from './http-disk.ts';
export { RangeSource, type RangeSourceSettings } from './range-source.ts';
