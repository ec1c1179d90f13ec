/**
 * GDB remote protocol for machines.
 *
 * @module
 */
export {};
