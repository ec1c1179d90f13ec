/**
 * A page with a terminal that boots Debian in a browser tab. The machine is the one that `viv run debian` makes, from
 * the same packages, in a Web Worker; page and worker speak the protocol below, with flow control in both directions.
 *
 * - `src/page`: the terminal, buttons and messages. Knows the protocol and nothing of machines.
 * - `src/worker`: downloads the guest, assembles the machine and runs it in an inline cell.
 * - `src/switch`: the Ethernet switch that machines of all tabs share.
 * - `src/server`: Vite plugins: the guest, a disk in ranges, an uplink into the host's network, the security headers.
 *
 * @example
 * import { MachineWorker } from 'vivarium-browser-shell';
 *
 * const machine = new MachineWorker({ memory: 256 * 1024 * 1024, columns: 80, rows: 24 }, {
 *   output: (bytes, shown) => terminal.write(bytes, shown),
 *   event: (event) => console.log(event.kind),
 * });
 * machine.type(new TextEncoder().encode('uname -a\n'));
 *
 * @module
 */
export { errorTable } from './errors.ts';
export { MachineWorker } from './page/machine-worker.ts';
export type { BootRequest, Command, MachineEvent, Report } from './protocol.ts';
