/**
 * Puts a virtio device on the PCI bus, with MSI-X and INTA#. It takes the device that the spec names under `use`; rings,
 * negotiation and hostile drivers are its business, not the device's.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 4.1, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 *
 * @example
 * import { VirtioDeviceToken } from '@vivarium/contracts';
 * import { virtioPci } from '@vivarium/virtio-pci';
 *
 * const part = { id: 'virtio0', plugin: virtioPci, use: { [VirtioDeviceToken.name]: 'disk0' } };
 *
 * @module
 */
import {
  bind,
  CONTRACTS_MAJOR,
  ClockToken,
  definePlugin,
  PciFunctionToken,
  VirtioDeviceToken,
} from '@vivarium/contracts';
import { PciTransport } from '@vivarium/virtio-transport';
import * as z from 'zod';

/** Which ring features are offered to the driver. */
export const virtioPciOptions = z
  .strictObject({
    /** Descriptors in a table of their own. */
    indirect: z.boolean().default(true),
    /** Notifications by index, which saves most of them. */
    eventIndex: z.boolean().default(true),
    /** Packed rings beside split ones; drivers that know them choose them. */
    packed: z.boolean().default(false),
    /** Buffers come back in the order in which they were made available. */
    inOrder: z.boolean().default(false),
  })
  .prefault({});

/** The plugin. */
export const virtioPci = definePlugin<z.infer<typeof virtioPciOptions>>({
  name: '@vivarium/virtio-pci',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio device over PCI',
  provides: [PciFunctionToken],
  requires: [VirtioDeviceToken, ClockToken],
  grants: ['guest-memory', 'timers'],
  options: virtioPciOptions,
  setup: (context) => {
    const { id, options, grants, log, events } = context;
    const clock = context.get(ClockToken);
    const later = grants.timer(() => transport.resume());
    const transport = new PciTransport({
      device: context.get(VirtioDeviceToken),
      rings: options,
      memory: grants.memory,
      defer: () => later.arm(clock.now()),
      violation: (message) => log.warn(`the driver broke a rule: ${message}`),
      failed: (hook, error) =>
        events.emit('part:failure', { part: id, plugin: '@vivarium/virtio-pci', hook: `virtio ${hook}`, error }),
    });
    return { provides: [bind(PciFunctionToken, transport)] };
  },
});

export default virtioPci;
