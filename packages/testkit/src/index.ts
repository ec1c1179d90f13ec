/**
 * The testkit: conformance suites for the contracts, and the fakes that tests of plugins need. First-party parts run
 * the same suites as anybody else's.
 *
 * A suite is data, a list of cases that throw when the subject breaks its contract, so any test runner can run it.
 *
 * @example
 * import { setupPart } from '@vivarium/testkit';
 * import { expect, it } from 'vitest';
 * import { lamp } from '../src/index.ts';
 *
 * it('lights the lamp', async () => {
 *   const { device } = await setupPart(lamp);
 *   device.regions[0]?.write(0, 4, 1);
 *   expect(device.regions[0]?.read(0, 4)).toBe(1);
 * });
 *
 * @module
 */
export { errorTable } from './errors.ts';
export { type FakeCharBackend, fakeCharBackend } from './fake-char-backend.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export { type FakeInterrupt, fakeInterrupt } from './fake-interrupt.ts';
export { type FakeMemoryOptions, fakeMemory } from './fake-memory.ts';
export { type EmittedEvent, type PartUnderTest, type SetupPartOptions, setupPart } from './setup-part.ts';
