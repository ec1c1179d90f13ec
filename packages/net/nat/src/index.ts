/**
 * User-mode network address translation: a guest on the host's network without privileges.
 *
 * @module
 */
export {};
