/**
 * Puts a virtio device on the system bus as memory-mapped registers, the way machines without PCI do. It takes the
 * device that the spec names under `use`; rings, negotiation and hostile drivers are its business, not the device's.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 4.2, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 * Device tree binding: `virtio,mmio` in the Linux kernel's Documentation/devicetree/bindings/virtio/mmio.yaml.
 *
 * @example
 * import { VirtioDeviceToken } from '@vivarium/contracts';
 * import { virtioMmio } from '@vivarium/virtio-mmio';
 *
 * const part = {
 *   id: 'virtio0', plugin: virtioMmio,
 *   regions: { registers: 0x1000_1000 },
 *   interrupts: { interrupt: { controller: 'plic', line: 1 } },
 *   use: { [VirtioDeviceToken.name]: 'disk0' },
 * };
 *
 * @module
 */
import { bind, CONTRACTS_MAJOR, ClockToken, DeviceToken, definePlugin, VirtioDeviceToken } from '@vivarium/contracts';
import { MmioTransport } from '@vivarium/virtio-transport';
import * as z from 'zod';

/** Which ring features are offered to the driver. */
export const virtioMmioOptions = z
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
export const virtioMmio = definePlugin<z.infer<typeof virtioMmioOptions>>({
  name: '@vivarium/virtio-mmio',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio device over MMIO',
  provides: [DeviceToken],
  requires: [VirtioDeviceToken, ClockToken],
  grants: ['guest-memory', 'interrupts', 'timers'],
  options: virtioMmioOptions,
  setup: (context) => {
    const { id, options, grants, log, events } = context;
    const clock = context.get(ClockToken);
    const later = grants.timer(() => transport.resume());
    const transport = new MmioTransport({
      device: context.get(VirtioDeviceToken),
      rings: options,
      memory: grants.memory,
      interrupt: grants.interrupt('interrupt'),
      defer: () => later.arm(clock.now()),
      violation: (message) => log.warn(`the driver broke a rule: ${message}`),
      failed: (hook, error) =>
        events.emit('part:failure', { part: id, plugin: '@vivarium/virtio-mmio', hook: `virtio ${hook}`, error }),
      label: id,
    });
    return { provides: [bind(DeviceToken, transport)] };
  },
});

export default virtioMmio;
