/** A web server in a function: what `fetch` would get from it. */
export interface FakeServer {
  readonly fetch: typeof globalThis.fetch;
  /** Ranges that were asked for, in order. */
  readonly asked: (readonly [number, number])[];
  /** Most requests that were under way at a time. */
  readonly most: number;
  /** Changes an answer before it is given. */
  answer: ((response: Response, start: number, end: number) => Response | Promise<Response>) | undefined;
  content: Uint8Array;
  etag: string | undefined;
}

export const fakeServer = (content: Uint8Array): FakeServer => {
  let underWay = 0;
  let most = 0;
  const server: FakeServer = {
    content,
    etag: '"1"',
    asked: [],
    answer: undefined,
    get most() {
      return most;
    },
    fetch: async (_url, init) => {
      const range = new Headers(init?.headers).get('range') ?? '';
      const [, start = '', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(range) ?? [];
      const first = Number(start);
      const end = Math.min(Number(last) + 1, server.content.length);
      server.asked.push([first, end]);
      underWay++;
      most = Math.max(most, underWay);
      try {
        // Later than at once, and not in order.
        for (let turns = (first / 512) % 5; turns >= 0; turns--) await Promise.resolve();
        if (init?.signal?.aborted === true) throw new Error('aborted');
        const headers = { 'content-range': `bytes ${first}-${end - 1}/${server.content.length}` };
        const response =
          first < server.content.length
            ? new Response(server.content.slice(first, end), { status: 206, headers })
            : new Response(null, { status: 416 });
        if (server.etag !== undefined) response.headers.set('etag', server.etag);
        const aborted = new Promise<never>((_, reject) => {
          init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
        });
        return await Promise.race([server.answer?.(response, first, end) ?? response, aborted]);
      } finally {
        underWay--;
      }
    },
  };
  return server;
};
