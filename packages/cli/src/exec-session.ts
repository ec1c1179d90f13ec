import { type CharPort, CharPortToken } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';
import { Agent } from './agent.ts';
import { GuestOutput, type OutputSink } from './guest-output.ts';
import { Console } from './machine-spec.ts';
import type { Session } from './session.ts';

export interface ExecSinks {
  readonly output: OutputSink;
  readonly errors: OutputSink;
  /** Where the console goes; undefined hides it. */
  readonly console: OutputSink | undefined;
}

/** Runs one command in the guest: its output goes to the sinks, its exit code is kept. */
export class ExecSession implements Session {
  readonly #terminal: CharPort;
  readonly #agent: Agent;
  readonly #outputs: readonly GuestOutput[];
  readonly #removal: () => void;
  /** Undefined until the command has ended. */
  exitCode: number | undefined;

  constructor(machine: Machine, sinks: ExecSinks, ended: () => void) {
    const port = (part: string) => machine.get(CharPortToken, part);
    this.#terminal = port(Console.terminal);
    this.#outputs = [
      new GuestOutput(port(Console.output), sinks.output),
      new GuestOutput(port(Console.errors), sinks.errors),
      ...(sinks.console === undefined ? [] : [new GuestOutput(this.#terminal, sinks.console)]),
    ];
    // Somebody has to read the console, or a guest that writes to it waits for ever.
    this.#removal = sinks.console === undefined ? this.#terminal.onOutput(() => {}) : () => {};
    this.#agent = new Agent(port(Console.agent), (message) => {
      if (message.kind !== 'exit' || this.exitCode !== undefined) return;
      this.exitCode = message.code;
      ended();
    });
  }

  /** The end of what the guest wrote to its console. */
  consoleTail(bytes: number): Uint8Array {
    return this.#terminal.scrollback().slice(-bytes);
  }

  async finish(): Promise<void> {
    await Promise.all(this.#outputs.map((output) => output.finish()));
    this.close();
  }

  close(): void {
    for (const output of this.#outputs) output.close();
    this.#removal();
    this.#agent.close();
  }
}
