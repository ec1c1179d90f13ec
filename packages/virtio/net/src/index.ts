/**
 * Virtio network device.
 *
 * @module
 */
export {};
