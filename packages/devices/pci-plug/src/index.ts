/**
 * Puts a PCI function into a hot-plug slot when it starts, and takes it out when it stops. So a device that joins a running
 * machine is a list of parts like any other: its backend, the device, its transport, and this.
 *
 * @example
 * import { PciFunctionToken, PciSlotToken } from '@vivarium/contracts';
 * import { pciPlug } from '@vivarium/device-pci-plug';
 *
 * const use = { [PciFunctionToken.name]: 'virtio7', [PciSlotToken.name]: 'slot0' };
 * const part = { id: 'plug7', plugin: pciPlug, use };
 *
 * @module
 */
import { CONTRACTS_MAJOR, definePlugin, PciFunctionToken, PciSlotToken } from '@vivarium/contracts';

/** The plugin. */
export const pciPlug = definePlugin({
  name: '@vivarium/device-pci-plug',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'Puts a PCI function into a hot-plug slot',
  requires: [PciFunctionToken, PciSlotToken],
  setup: (context) => {
    const subject = context.get(PciFunctionToken);
    const slot = context.get(PciSlotToken);
    let pull: (() => void) | undefined;
    const takeOut = (): void => {
      pull?.();
      pull = undefined;
    };
    return {
      start: () => {
        pull = slot.plug(subject);
      },
      stop: takeOut,
      // A machine of which another part failed to start stops those only that had started.
      dispose: takeOut,
    };
  },
});

export default pciPlug;
