/** A line that the guest printed to mark a moment, and when the host saw it (milliseconds, monotonic). */
export interface Mark {
  readonly text: string;
  readonly time: number;
  /** Instructions retired by then, where the engine can tell. */
  readonly instructions: number;
}

/** How long each job took. */
export interface JobTime {
  readonly name: string;
  readonly milliseconds: number;
  readonly instructions: number;
  /** First digits of the digest of what the job printed: both engines must agree. */
  readonly digest: string;
}

/** Cuts console output into the lines that start with `@`. */
export class MarkReader {
  readonly marks: Mark[] = [];
  #rest = '';
  readonly #decoder = new TextDecoder();
  readonly #instructions: () => number;

  constructor(instructions: () => number = () => 0) {
    this.#instructions = instructions;
  }

  push(bytes: Uint8Array): void {
    const time = performance.now();
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(/\r?\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const at = line.indexOf('@');
      if (at >= 0) this.marks.push({ text: line.slice(at + 1).trim(), time, instructions: this.#instructions() });
    }
  }
}

/** Pairs `begin` and `end` marks; the boot is the time from `start` to `userspace`. */
export const jobTimes = (marks: readonly Mark[], start: number): readonly JobTime[] => {
  const times: JobTime[] = [];
  let begin: Mark | undefined;
  for (const mark of marks) {
    const [kind, name = '', digest = ''] = mark.text.split(' ');
    if (kind === 'userspace') {
      times.push({ name: 'boot', milliseconds: mark.time - start, instructions: mark.instructions, digest: '' });
    } else if (kind === 'begin') begin = mark;
    else if (kind === 'end' && begin !== undefined) {
      times.push({
        name,
        milliseconds: mark.time - begin.time,
        instructions: mark.instructions - begin.instructions,
        digest,
      });
      begin = undefined;
    }
  }
  return times;
};

/** The times of one job in several runs. */
export const timesOf = (runs: readonly (readonly JobTime[])[], job: string): readonly JobTime[] =>
  runs.flatMap((times) => times.filter(({ name }) => name === job));
