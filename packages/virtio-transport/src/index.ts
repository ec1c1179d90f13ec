/**
 * Virtqueues and virtio transports: split and packed rings, MMIO and PCI.
 *
 * @module
 */
export {};
