/**
 * PCI Express root port with a hot-plug slot: a bridge on bus 0 with a bus of its own behind it, on which one PCI function
 * appears and disappears while the machine runs. Operating systems with a driver for such slots do the rest by themselves;
 * others find the function when they look at the bus again.
 *
 * Specification: PCI Express Base 5.0, sections 6.7 (hot-plug), 7.5.1.3 (type 1 header), 7.5.3 (PCI Express capability).
 * No window for I/O space and none for prefetchable memory; no command-completed events, which a port that carries
 * commands out at once need not have.
 *
 * @example
 * import { pciePort } from '@vivarium/device-pcie-port';
 *
 * const part = { id: 'slot0', plugin: pciePort, options: { number: 1 } };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, definePlugin, PciFunctionToken, PciSlotToken } from '@vivarium/contracts';
import * as z from 'zod';
import { PciePort } from './pcie-port.ts';
import { MOST_SLOT_NUMBER } from './registers.ts';

/** Options of the port. */
export const pciePortOptions = z.strictObject({
  /** Physical slot number, of which each slot of a machine has its own. */
  number: z.int().min(1).max(MOST_SLOT_NUMBER),
});

/** The plugin. */
export const pciePort = definePlugin<z.infer<typeof pciePortOptions>>({
  name: '@vivarium/device-pcie-port',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'PCI Express root port with a hot-plug slot',
  provides: [PciFunctionToken, PciSlotToken],
  options: pciePortOptions,
  setup: ({ options, log }) => {
    const port = new PciePort({
      number: options.number,
      listenerFailed: (error) => log.error('a listener of the slot failed', { error: String(error) }),
    });
    return { provides: [bind(PciFunctionToken, port), bind(PciSlotToken, port)] };
  },
});

export default pciePort;
export { errorTable } from './errors.ts';
export { PciePort, type PciePortParts } from './pcie-port.ts';
