import { errors } from './errors.ts';

/** Something that the host asked of a cell, to be done when no guest code runs. */
interface Waiting<Command> {
  readonly command: Command;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** What the host asks of a cell while its machine runs, in the order in which it was asked. */
export class HostCommands<Command extends { readonly name: string }> {
  readonly #machine: string;
  readonly #asked: () => void;
  readonly #waiting: Waiting<Command>[] = [];

  /** `machine` is for messages; `asked` is told of each command, so that the cell gets to it. */
  constructor(machine: string, asked: () => void) {
    this.#machine = machine;
    this.#asked = asked;
  }

  /** Commands that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Resolves when the command was carried out; rejects with what that threw, or when the run ends before. */
  ask(command: Command): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, done: resolve, failed: reject });
      this.#asked();
    });
  }

  /** Rejects: the machine is not being run. */
  refuse({ name }: Command): Promise<never> {
    return Promise.reject(
      errors.make('VIV_CELL_STATE', `cannot ${name} machine ${this.#machine}: it is not being run`),
    );
  }

  /** Carries out the first; false when none waits. What `carryOut` gives ends the run. */
  async obey<Outcome>(
    carryOut: (command: Command) => Promise<Outcome | undefined>,
  ): Promise<{ readonly outcome: Outcome | undefined } | undefined> {
    const next = this.#waiting.shift();
    if (next === undefined) return undefined;
    try {
      const outcome = await carryOut(next.command);
      next.done();
      return { outcome };
    } catch (error) {
      next.failed(error);
      throw error;
    }
  }

  /** The run is over: what waits is answered, with `error` when the run failed. */
  end(error?: unknown): void {
    for (const { command, done, failed } of this.#waiting.splice(0)) {
      if (command.name === 'stop') done();
      else {
        failed(error ?? errors.make('VIV_CELL_STATE', `machine ${this.#machine} ended before its ${command.name}`));
      }
    }
  }
}
