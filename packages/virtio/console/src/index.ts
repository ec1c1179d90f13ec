/**
 * Virtio console.
 *
 * @module
 */
export {};
