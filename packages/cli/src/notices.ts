import type { MachineEvents } from '@vivarium/contracts';
import type { Machine } from '@vivarium/kernel';

/** Most lines shown of what a machine says about itself: a guest can cause them. */
const MOST_LINES = 200;

/** Lines for the person at the terminal, on standard error. */
export class Notices {
  readonly #write: (text: string) => unknown;
  #left = MOST_LINES;
  /** The terminal is in raw mode, in which a line feed does not return the carriage. */
  raw = false;

  constructor(write: (text: string) => unknown) {
    this.#write = write;
  }

  /** In raw mode on a line of its own, wherever the guest's cursor is. */
  say(line: string): void {
    this.#write(this.raw ? `\r\nviv: ${line}\r\n` : `viv: ${line}\n`);
  }

  /** Shows failures of parts and what they log: warnings and errors, or everything. */
  follow(machine: Machine, everything: boolean): void {
    machine.events.on('part:failure', ({ part, plugin, hook, error }) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#limited(`part ${part} (${plugin}) failed in ${hook}: ${reason}`);
    });
    machine.events.on('net:forward', ({ protocol, host, hostPort, guest, guestPort }) => {
      const address = host.includes(':') ? `[${host}]` : host;
      this.say(`${protocol} ${address}:${hostPort} leads to port ${guestPort} of ${guest}`);
    });
    machine.events.on('log', (event) => {
      if (everything || event.level === 'warn' || event.level === 'error') this.#limited(this.#logLine(event));
    });
  }

  #logLine({ part, level, message, facts }: MachineEvents['log']): string {
    const plain = (_key: string, value: unknown): unknown =>
      typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
    return `${part}: ${level}: ${message}${facts === undefined ? '' : ` ${JSON.stringify(facts, plain)}`}`;
  }

  #limited(line: string): void {
    if (this.#left < 0) return;
    this.say(this.#left > 0 ? line : `more than ${MOST_LINES} messages of the machine; the rest is not shown`);
    this.#left--;
  }
}
