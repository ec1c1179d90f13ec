/**
 * Bytes in order of arrival, in a fixed amount of memory: a queue that says how much it took, or one whose oldest bytes
 * make way.
 *
 * @example
 * import { ByteRing } from '@vivarium/byte-ring';
 *
 * const ring = new ByteRing(4);
 * ring.push(new TextEncoder().encode('abcdef'));
 * new TextDecoder().decode(ring.contents()); // 'cdef'
 *
 * @module
 */
export { ByteRing } from './byte-ring.ts';
