/**
 * The serial port of a PC: an NS16550A with its two 16-byte FIFOs, as Linux, U-Boot, OpenSBI and every hobby kernel
 * expect it. It is plugged into a character backend; when the backend takes nothing, characters wait in the FIFO
 * and the guest waits for the FIFO.
 *
 * Specification: Texas Instruments PC16550D, "Universal Asynchronous Receiver/Transmitter with FIFOs", SNLS378C,
 * https://www.ti.com/lit/ds/symlink/pc16550d.pdf. Device tree binding: `ns16550a` in the Linux kernel's
 * Documentation/devicetree/bindings/serial/8250.yaml.
 *
 * @example
 * import { uart } from '@vivarium/device-uart';
 *
 * const part = {
 *   id: 'uart0', plugin: uart,
 *   regions: { registers: 0x1000_0000 },
 *   interrupts: { interrupt: { controller: 'plic', line: 10 } },
 * };
 *
 * @module
 */
import { bind, CharBackendToken, CONTRACTS_MAJOR, DeviceToken, definePlugin } from '@vivarium/contracts';
import * as z from 'zod';
import { Uart16550 } from './uart-16550.ts';

/** Options of the UART. */
export const uartOptions = z
  .strictObject({
    /** Input clock in Hz as told to the guest, which derives its divisors from it. */
    clockFrequency: z.int().min(1).max(0xffff_ffff).default(3_686_400),
  })
  .prefault({});

/** The plugin. */
export const uart = definePlugin<z.infer<typeof uartOptions>>({
  name: '@vivarium/device-uart',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'NS16550A UART on a character backend',
  provides: [DeviceToken],
  requires: [CharBackendToken],
  grants: ['interrupts'],
  options: uartOptions,
  setup: (context) => {
    const backend = context.get(CharBackendToken);
    const device = new Uart16550({
      backend,
      interrupt: context.grants.interrupt('interrupt'),
      label: context.id,
      clockFrequency: context.options.clockFrequency,
    });
    return {
      provides: [bind(DeviceToken, device)],
      // Not earlier: the reset before the first start would lose what the host has already typed.
      start: () => backend.connect(device),
    };
  },
});

export default uart;
export { errorTable } from './state.ts';
export { Uart16550, type UartParts } from './uart-16550.ts';
