/**
 * What the hostile suite is made of, for fuzzers and for tests of one's own: a laboratory with a device, a well-behaved
 * neighbour and guest memory, and drivers that may break any rule of transports and rings.
 *
 * @example
 * import type { VirtioSubject } from '@vivarium/testkit';
 * import { Laboratory, WRITE } from '@vivarium/testkit/hostile';
 *
 * // A descriptor that points nowhere; whatever became of it, the device serves after a reset.
 * const attack = (subject: VirtioSubject): void => {
 *   const lab = new Laboratory(subject, { transport: 'pci', format: 'packed' });
 *   lab.start(lab.bench);
 *   lab.ring(lab.bench).publish([{ address: 2n ** 64n - 1n, length: 16, flags: WRITE }]);
 *   lab.kick();
 *   lab.start(lab.bench);
 *   lab.serves();
 * };
 *
 * @module
 */
export { Feature, Mmio, MmioDriver, Status, type TransportDriver } from './hostile/driver.ts';
export {
  type DriverRing,
  type Element,
  INDIRECT,
  NEXT,
  PackedDriverRing,
  type Returned,
  type RingPlace,
  SplitDriverRing,
  WRITE,
} from './hostile/driver-ring.ts';
export { type HookedMemory, hookedMemory } from './hostile/hooked-memory.ts';
export { type Bench, Laboratory, RAM, RAM_SIZE, type Setting, type Transport } from './hostile/laboratory.ts';
export { PciDriver } from './hostile/pci-driver.ts';
