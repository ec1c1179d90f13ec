/**
 * Files for random access: on the host, in memory.
 *
 * @module
 */
export {};
