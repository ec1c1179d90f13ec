import { type Profiler, Session } from 'node:inspector';
import { fileURLToPath } from 'node:url';

/** Which characters of the sources have been executed, as V8 tells. */
export class Coverage {
  readonly #session = new Session();
  readonly #folders: readonly string[];
  /** By script: one byte for each character, 1 when it was executed. */
  readonly #known = new Map<string, Uint8Array>();

  /** @param folders of the repository, with the scripts that count */
  constructor(folders: readonly string[]) {
    const root = new URL('../../../../', import.meta.url);
    this.#folders = folders.map((folder) => new URL(`${folder}/src/`, root).href);
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Whether code was executed since the last call that never was before `take` told so. */
  peek(): boolean {
    return this.#read(false);
  }

  /** As `peek`; what was new is known from then on. */
  take(): boolean {
    return this.#read(true);
  }

  /** Executed characters of each file. */
  get executed(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#known].map(([url, known]) => [fileURLToPath(url), known.reduce((sum, bit) => sum + bit, 0)]),
    );
  }

  [Symbol.dispose](): void {
    this.#session.disconnect();
  }

  #read(merge: boolean): boolean {
    let scripts: readonly Profiler.ScriptCoverage[] = [];
    // With a session of the same thread the answer comes before the call returns.
    this.#session.post('Profiler.takePreciseCoverage', (_error, answer) => {
      scripts = answer?.result ?? [];
    });
    let news = false;
    for (const { url, functions } of scripts) {
      if (!this.#folders.some((folder) => url.startsWith(folder))) continue;
      for (const { ranges } of functions) news = this.#merge(url, ranges, merge) || news;
      if (news && !merge) return true;
    }
    return news;
  }

  /** The first range is the function, others are blocks inside of those before them. */
  #merge(url: string, ranges: readonly Profiler.CoverageRange[], merge: boolean): boolean {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return false;
    const { startOffset: start, endOffset: end } = whole;
    const now = new Uint8Array(end - start);
    for (const { startOffset, endOffset, count } of ranges)
      now.fill(count > 0 ? 1 : 0, startOffset - start, endOffset - start);
    const known = this.#of(url, end);
    let news = false;
    for (let at = 0; at < now.length; at++) {
      if (now[at] !== 1 || known[start + at] === 1) continue;
      if (merge) known[start + at] = 1;
      news = true;
    }
    return news;
  }

  #of(url: string, length: number): Uint8Array {
    const known = this.#known.get(url) ?? new Uint8Array(0);
    if (known.length >= length) return known;
    const grown = new Uint8Array(Math.max(length, 2 * known.length));
    grown.set(known);
    this.#known.set(url, grown);
    return grown;
  }
}
