/**
 * A directory of the host for file sharing devices.
 *
 * @module
 */
export {};
