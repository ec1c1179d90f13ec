import { errors } from './errors.ts';

declare const setTimeout: (callback: () => void, milliseconds: number) => unknown;
declare const clearTimeout: (timer: unknown) => void;

/** How a {@link RangeSource} asks. */
export interface RangeSourceSettings {
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds for one request. */
  readonly timeout: number;
  /** How often a request is made that fails on its way. */
  readonly attempts: number;
  /** Milliseconds before the second attempt; doubled for each further one. */
  readonly pause: number;
  /** Aborted when nobody wants an answer any more. */
  readonly signal: AbortSignal;
}

/** The file behind an address, part by part. It must stay what it was when it was first asked for. */
export class RangeSource {
  /** Bytes of the file. */
  readonly size: number;
  readonly #settings: RangeSourceSettings;
  /** What tells this version of the file from others. */
  readonly #version: string | undefined;

  private constructor(settings: RangeSourceSettings, size: number, version: string | undefined) {
    this.#settings = settings;
    this.size = size;
    this.#version = version;
  }

  /** Asks for the first byte, and so learns the size. Throws the errors of this package. */
  static async open(settings: RangeSourceSettings): Promise<RangeSource> {
    const answer = await attempted(settings, () => ask(settings, 0, 1));
    return new RangeSource(settings, answer.size, answer.version);
  }

  /** Bytes `start` up to `end`, which is not among them. Throws the errors of this package. */
  read(start: number, end: number): Promise<Uint8Array> {
    return attempted(this.#settings, async () => {
      const { bytes, size, version } = await ask(this.#settings, start, end);
      if (size !== this.size || version !== this.#version)
        throw new Refusal('VIV_STORAGE_HTTP_RANGES', 'the file changed');
      return bytes;
    });
  }
}

/** An answer that another attempt would not change. */
class Refusal extends Error {
  readonly code: 'VIV_STORAGE_HTTP_STATUS' | 'VIV_STORAGE_HTTP_RANGES';

  constructor(code: Refusal['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const attempted = async <T>(settings: RangeSourceSettings, act: () => Promise<T>): Promise<T> => {
  const { url, attempts, pause, signal } = settings;
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (cause) {
      const details = { url };
      if (cause instanceof Refusal) throw errors.make(cause.code, `${url}: ${cause.message}`, { details });
      if (attempt >= attempts || signal.aborted) {
        throw errors.make('VIV_STORAGE_HTTP_UNREACHABLE', `${url}: ${String(cause)}`, { cause, details });
      }
      await new Promise<void>((resolve) => void setTimeout(resolve, pause * 2 ** (attempt - 1)));
    }
  }
};

interface Answer {
  readonly bytes: Uint8Array;
  readonly size: number;
  readonly version: string | undefined;
}

const ask = async (
  { url, fetch, headers, timeout, signal }: RangeSourceSettings,
  start: number,
  end: number,
): Promise<Answer> => {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(`no answer in ${timeout} ms`)), timeout);
  try {
    const response = await fetch(url, {
      // Compressed, the parts would be parts of something else.
      headers: { ...headers, range: `bytes=${start}-${end - 1}`, 'accept-encoding': 'identity' },
      signal: AbortSignal.any([abort.signal, signal]),
    });
    try {
      checkStatus(response.status);
      const size = totalOf(response.headers, start, end);
      const bytes = await bodyOf(response, end - start);
      return { bytes, size, version: versionOf(response.headers) };
    } catch (error) {
      // What is not wanted is not waited for.
      abort.abort();
      throw error;
    }
  } finally {
    clearTimeout(timer);
  }
};

const checkStatus = (status: number): void => {
  if (status === 206) return;
  // What may pass: too many requests, and trouble of the server or of one before it.
  if (status === 408 || status === 429 || status >= 500) throw new Error(`the server answers ${status}`);
  if (status === 200) throw new Refusal('VIV_STORAGE_HTTP_RANGES', 'the server sends all of the file for a part of it');
  if (status === 416) throw new Refusal('VIV_STORAGE_HTTP_RANGES', 'the file is empty, or shorter than it was');
  throw new Refusal('VIV_STORAGE_HTTP_STATUS', `the server answers ${status}`);
};

/** The size that `content-range: bytes 0-0/1234` says, of the very range that was asked for (RFC 9110, 14.4). */
const totalOf = (headers: Headers, start: number, end: number): number => {
  const range = headers.get('content-range') ?? '';
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range.trim()) ?? [];
  const size = Number(total);
  const fits = Number(first) === start && Number(last) === end - 1 && Number.isSafeInteger(size) && end <= size;
  if (!fits)
    throw new Refusal('VIV_STORAGE_HTTP_RANGES', `the server answers bytes ${start} to ${end - 1} with "${range}"`);
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity')
    throw new Refusal('VIV_STORAGE_HTTP_RANGES', `the server encodes parts with ${encoding}`);
  return size;
};

/** The strong validator (RFC 9110, 8.8), else the date, else nothing: then only the size tells. */
const versionOf = (headers: Headers): string | undefined =>
  headers.get('etag') ?? headers.get('last-modified') ?? undefined;

/** All of the body, which must be `length` bytes; a server that sends more is not listened to any longer. */
const bodyOf = async (response: Response, length: number): Promise<Uint8Array> => {
  const reader = response.body?.getReader();
  const bytes = new Uint8Array(length);
  let filled = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (chunk?.value === undefined) break;
    if (filled + chunk.value.length > length) throw new Error('the server sends more than it was asked for');
    bytes.set(chunk.value, filled);
    filled += chunk.value.length;
  }
  if (filled < length) throw new Error(`the server sends ${filled} of ${length} bytes`);
  return bytes;
};
