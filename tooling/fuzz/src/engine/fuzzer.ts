import { type Random, seededRandom } from '@vivarium/testkit';
import { Behaviours } from './behaviours.ts';
import type { Coverage } from './coverage.ts';
import { mutate, randomProgram } from './mutate.ts';
import type { Program } from './program.ts';
import type { FuzzTarget } from './target.ts';

/** What a fuzzer is made of. */
export interface FuzzerSettings {
  readonly target: FuzzTarget;
  readonly seed: number;
  /** Inputs to start from. */
  readonly corpus: readonly Program[];
  /** Absent: new behaviours alone make an input worth keeping. */
  readonly coverage?: Coverage;
  /** Told before each execution, so that somebody outside knows what it was if it never ends. */
  readonly starts: (program: Program) => void;
  /** An input that is worth keeping. */
  readonly kept: (program: Program) => void;
  /** An input after which something did not hold. */
  readonly found: (program: Program, error: unknown) => void;
}

/** Coverage is costly to look at, so it is for many executions at once, and for each of them when it tells news. */
const LARGEST_BATCH = 256;

/** Runs a target on inputs that are made from those which showed something new. */
export class Fuzzer {
  readonly #settings: FuzzerSettings;
  readonly #random: Random;
  readonly #behaviours = new Behaviours();
  readonly #corpus: Program[] = [];
  /** To be run as they are. */
  readonly #waiting: Program[];
  #batch: Program[] = [];
  #batchSize = 1;
  executions = 0;
  /** Milliseconds of the slowest execution. */
  slowest = 0;

  constructor(settings: FuzzerSettings) {
    this.#settings = settings;
    this.#random = seededRandom(settings.seed);
    this.#waiting = [...settings.corpus];
  }

  get corpusSize(): number {
    return this.#corpus.length;
  }

  /** Runs the next input. */
  async step(): Promise<void> {
    const given = this.#waiting.shift();
    const program = given ?? this.#next();
    if (!(await this.#run(program))) return;
    if (this.#behaviours.take()) {
      this.#keep(program, given !== undefined);
      return;
    }
    const { coverage } = this.#settings;
    if (coverage === undefined) return;
    this.#batch.push(program);
    if (this.#batch.length >= this.#batchSize) await this.#look(coverage);
  }

  #next(): Program {
    if (this.#corpus.length === 0 || this.#random(20) === 0) return randomProgram(this.#random);
    return mutate(this.#any(), this.#any(), this.#random);
  }

  /** An input of the corpus, often one of the latest. */
  #any(): Program {
    const { length } = this.#corpus;
    const from = this.#random(2) === 0 ? Math.floor(length * 0.8) : 0;
    return this.#corpus[from + this.#random(length - from)] ?? [];
  }

  #keep(program: Program, known: boolean): void {
    this.#corpus.push(program);
    if (!known) this.#settings.kept(program);
  }

  /** False when the input is a finding. */
  async #run(program: Program): Promise<boolean> {
    const { target, starts, found } = this.#settings;
    starts(program);
    this.executions += 1;
    const start = performance.now();
    try {
      const running = target.run(program, this.#behaviours.see);
      if (running instanceof Promise) await running;
    } catch (error) {
      found(program, error);
      return false;
    } finally {
      this.slowest = Math.max(this.slowest, performance.now() - start);
    }
    return true;
  }

  /** Whether the batch ran new code, and which of its inputs did. */
  async #look(coverage: Coverage): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (!coverage.peek()) {
      this.#batchSize = Math.min(LARGEST_BATCH, 2 * this.#batchSize);
      return;
    }
    this.#batchSize = Math.max(1, this.#batchSize >> 1);
    for (const program of batch) {
      if (!(await this.#run(program))) continue;
      this.#behaviours.take();
      if (coverage.take()) this.#keep(program, false);
    }
  }
}
