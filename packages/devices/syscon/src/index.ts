/**
 * System controller: a guest's way to power its machine off, to reboot it, or to end with an exit code. It is the
 * SiFive test finisher: one 32-bit register that takes 0x5555 (power off), 0x7777 (reboot), or 0x3333 with a code in
 * the high half (failure). It takes no options.
 *
 * Specification: `sifive_test` finisher as in QEMU's documentation of the `virt` machine,
 * https://www.qemu.org/docs/master/system/riscv/virt.html. Device tree bindings: `syscon`, `syscon-poweroff` and
 * `syscon-reboot` in the Linux kernel's Documentation/devicetree/bindings/{mfd,power/reset}.
 *
 * @example
 * import { poweroffNode, rebootNode, syscon } from '@vivarium/device-syscon';
 *
 * const part = { id: 'syscon', plugin: syscon, regions: { registers: 0x10_0000 } };
 * // A board adds these at the root of its device tree; a part's label is its id:
 * const nodes = [poweroffNode('syscon'), rebootNode('syscon')];
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, DeviceToken, definePlugin, PowerControlToken } from '@vivarium/contracts';
import { TestFinisher } from './test-finisher.ts';

/** The plugin. */
export const syscon = definePlugin({
  name: '@vivarium/device-syscon',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'power-off, reboot and exit codes by the SiFive test finisher',
  provides: [DeviceToken],
  requires: [PowerControlToken],
  setup: (context) => ({
    provides: [bind(DeviceToken, new TestFinisher(context.get(PowerControlToken), context.id))],
  }),
});

export default syscon;
export { poweroffNode, rebootNode } from './device-tree.ts';
export { errorTable, TestFinisher } from './test-finisher.ts';
