import type { Placement, SystemBus } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** Registers of the 16550 (TI PC16550D datasheet) that polled output and input need. */
const RBR_THR = 0;
const LSR = 5;
const LSR_DR = 0x01;
const LSR_THRE = 0x20;

/** Polled characters: what the debug console needs of a serial port. */
export interface ConsolePort {
  /** False when there is no room now. */
  put(byte: number): boolean;
  /** Undefined when there is no input now. */
  take(): number | undefined;
}

const isUart = ({ device }: Placement): boolean => {
  const compatible = device.deviceTree?.properties['compatible'];
  const names: readonly unknown[] = Array.isArray(compatible) ? compatible : [compatible];
  return names.some((name) => typeof name === 'string' && /^ns16550/.test(name));
};

/**
 * The debug console is the machine's own UART, driven by polling over the bus as firmware in ROM would: its text lands
 * in one stream with the kernel's. Undefined when none is named and the machine has none. Throws `VIV_SBI_CONSOLE`.
 */
export const findConsole = (bus: SystemBus, part: string | undefined): ConsolePort | undefined => {
  const placement = bus.placements.find((one) => isUart(one) && (part === undefined || one.part === part));
  if (placement === undefined) {
    if (part === undefined) {
      return undefined;
    }
    throw errors.make('VIV_SBI_CONSOLE', `console ${part} is not a 16550-compatible device of this machine`);
  }
  const { base } = placement;
  const status = (): number => bus.read(base + LSR, 1);
  return {
    put: (byte) => (status() & LSR_THRE) !== 0 && bus.write(base + RBR_THR, 1, byte),
    take: () => ((status() & LSR_DR) === 0 ? undefined : bus.read(base + RBR_THR, 1)),
  };
};
