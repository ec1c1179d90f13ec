/**
 * PCI Express host bridge: bus 0 with every PCI function of the machine on it, configuration space by ECAM, a memory
 * and an I/O window, INTA# to INTD#, and message-signalled interrupts as writes to the system bus. Root ports are such
 * functions; the buses behind them are theirs.
 *
 * Specification: PCI Express Base 5.0, section 7.2.2 (ECAM). Device tree binding: `pci-host-ecam-generic` in the Linux
 * kernel's Documentation/devicetree/bindings/pci/host-generic-pci.yaml.
 *
 * @example
 * import { pcieHost } from '@vivarium/device-pcie-host';
 *
 * const lines = [32, 33, 34, 35].map((line) => ({ controller: 'plic', line }));
 * const [inta, intb, intc, intd] = lines;
 * const part = {
 *   id: 'pcie', plugin: pcieHost,
 *   options: {
 *     ecam: 0x3000_0000, memory: { base: 0x4000_0000, length: 0x4000_0000 },
 *     io: { base: 0x300_0000, length: 0x1_0000 }, interrupts: lines,
 *   },
 *   regions: { ecam: 0x3000_0000, memory: 0x4000_0000, io: 0x300_0000 },
 *   interrupts: { inta, intb, intc, intd },
 * };
 *
 * @module
 */
import {
  all,
  bind,
  CONTRACTS_MAJOR,
  DeviceToken,
  definePlugin,
  PciFunctionToken,
  SystemBusToken,
} from '@vivarium/contracts';
import * as z from 'zod';
import { PcieHost, PIN_NAMES } from './pcie-host.ts';

const bytes = z.int().min(0);
const window = z.strictObject({ base: bytes, length: bytes });

/** Where the board put the windows: the same addresses as in the part's `regions`, for the device tree. */
export const pcieHostOptions = z.strictObject({
  ecam: bytes,
  memory: window,
  io: window,
  /**
   * INTA# to INTD# of slot 0: the same as in the part's `interrupts`. `trigger` is the second cell of a controller whose
   * interrupts have two: 4 for a level that is high.
   */
  interrupts: z
    .array(z.strictObject({ controller: z.string(), line: z.int().min(1), trigger: z.int().min(1).max(8).optional() }))
    .length(4),
  /** Label of the node that takes message-signalled interrupts. Without one, operating systems use INTA# to INTD#. */
  messages: z.string().optional(),
});

/** The plugin. */
export const pcieHost = definePlugin<z.infer<typeof pcieHostOptions>>({
  name: '@vivarium/device-pcie-host',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'PCI Express host bridge with ECAM',
  provides: [DeviceToken],
  requires: [all(PciFunctionToken), SystemBusToken],
  grants: ['interrupts'],
  options: pcieHostOptions,
  setup: (context) => {
    const bus = context.get(SystemBusToken);
    const host = new PcieHost({
      functions: context.all(PciFunctionToken),
      windows: context.options,
      pins: PIN_NAMES.map((name) => context.grants.interrupt(name)),
      message: (address, data) => {
        if (address <= BigInt(Number.MAX_SAFE_INTEGER)) bus.write(Number(address), 4, data);
      },
      label: context.id,
    });
    return { provides: [bind(DeviceToken, host)] };
  },
});

export default pcieHost;
export { PIN_NAMES, PcieHost, type PcieHostParts, type PcieWindows } from './pcie-host.ts';
