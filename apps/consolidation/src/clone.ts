import type { ConsoleView, HostedMachine } from '@vivarium/host';
import { OUTPUT } from './debian.ts';

/** Where the kernel of a guest prints, and characters of it that are kept. */
const LOG = 'console0';
const KEPT = 4000;

/** In a guest's script: waits until its host says to go on. */
export const WAIT = `read -r go </dev/tty${OUTPUT.replace('console', 'S')}`;

/** A guest that does one thing after the other, each when it is told to. */
export class Clone {
  readonly machine: HostedMachine;
  readonly #view: ConsoleView;
  #text = '';
  #log = '';

  constructor(machine: HostedMachine) {
    this.machine = machine;
    const decoder = new TextDecoder();
    this.#view = machine.console(OUTPUT).attach({
      output: (bytes) => {
        this.#text += decoder.decode(bytes, { stream: true });
      },
    });
    machine.console(LOG).attach({
      output: (bytes) => {
        this.#log = (this.#log + new TextDecoder().decode(bytes)).slice(-KEPT);
      },
    });
  }

  get name(): string {
    return this.machine.name;
  }

  get lines(): readonly string[] {
    return this.#text.split(/\r?\n/);
  }

  has(line: string): boolean {
    return this.lines.includes(line);
  }

  go(): void {
    this.#view.send(new TextEncoder().encode('go\n'));
  }

  /** Throws when it is over, with what its kernel said last. */
  check(): void {
    if (this.machine.status !== 'ended') return;
    const how = JSON.stringify(this.machine.info().end);
    throw new Error(`${this.name} ended too early: ${how}\n${this.#log}`);
  }
}
