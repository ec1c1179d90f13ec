/**
 * Virtqueues and virtio transports: what stands between a guest's driver and a virtio device. One queue for all devices
 * validates, bounds, latches and completes; devices see requests and never rings.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html:
 * split rings (2.7), packed rings (2.8), indirect descriptors, event indices, in-order use; PCI (4.1), MMIO (4.2).
 *
 * @example
 * import type { GuestMemory, VirtioDevice } from '@vivarium/contracts';
 * import { MmioTransport } from '@vivarium/virtio-transport';
 *
 * const onTheBus = (device: VirtioDevice, memory: GuestMemory) =>
 *   new MmioTransport({
 *     device, memory, label: 'virtio0',
 *     interrupt: { set: () => {} },
 *     defer: () => {},
 *     violation: (message) => console.warn(message),
 *     failed: (hook, error) => console.error(hook, error),
 *   });
 *
 * @module
 */
export { type RingFeatures, ringFeatures } from './features.ts';
export { MmioTransport, type MmioTransportParts } from './mmio-transport.ts';
export { PciTransport, type PciTransportParts } from './pci-transport.ts';
export { Session, type SessionHost } from './session.ts';
export { type QueueCounters, type QueueEvents, type QueueSetup, Virtqueue } from './virtqueue.ts';
