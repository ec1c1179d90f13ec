import type { CharBackend, CharHandlers, InterruptLine } from '@vivarium/contracts';
import { Uart16550 } from '../src/index.ts';

/** A backend that records what it gets, takes at most `credit` bytes, and offers what the test queued. */
export class FakeBackend implements CharBackend {
  readonly output: number[] = [];
  credit = Number.POSITIVE_INFINITY;
  readonly queued: number[] = [];
  handlers: CharHandlers | undefined;
  resumed = 0;

  write(bytes: Uint8Array): number {
    const taken = Math.min(bytes.length, this.credit);
    this.credit -= taken;
    this.output.push(...bytes.subarray(0, taken));
    return taken;
  }

  connect(handlers: CharHandlers): void {
    this.handlers = handlers;
    this.offer();
  }

  resume(): void {
    this.resumed += 1;
    this.offer();
  }

  offer(): void {
    const taken = this.handlers?.receive(Uint8Array.from(this.queued)) ?? 0;
    this.queued.splice(0, taken);
  }

  type(...bytes: number[]): void {
    this.queued.push(...bytes);
    this.offer();
  }

  drain(credit = Number.POSITIVE_INFINITY): void {
    this.credit = credit;
    this.handlers?.drained();
  }
}

export class FakeLine implements InterruptLine {
  level = false;
  changes = 0;

  set(level: boolean): void {
    this.level = level;
    this.changes += 1;
  }
}

/** A UART with register access as a guest has it. */
export const makeRig = () => {
  const backend = new FakeBackend();
  const line = new FakeLine();
  const uart = new Uart16550({ backend, interrupt: line, label: 'uart0', clockFrequency: 3_686_400 });
  backend.connect(uart);
  const region = uart.regions[0];
  return {
    backend,
    line,
    uart,
    region,
    read: (offset: number) => region.read(offset, 1),
    write: (offset: number, value: number) => region.write(offset, 1, value),
  };
};
