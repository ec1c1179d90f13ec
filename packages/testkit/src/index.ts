/**
 * The testkit: conformance suites for the contracts, and the fakes that tests of plugins need. First-party parts run
 * the same suites as anybody else's.
 *
 * A suite is data, a list of cases that throw when the subject breaks its contract, so any test runner can run it.
 *
 * @example
 * import { bind, CONTRACTS_MAJOR, definePlugin, DeviceToken } from '@vivarium/contracts';
 * import { deviceSuite, setupPart } from '@vivarium/testkit';
 *
 * const lamp = definePlugin({
 *   name: 'lamp', version: '1.0.0', api: CONTRACTS_MAJOR, provides: [DeviceToken],
 *   setup: () => {
 *     let lit = 0;
 *     return { provides: [bind(DeviceToken, {
 *       regions: [{ name: 'registers', length: 4, read: () => lit, write: (_offset, _width, value) => { lit = value & 1; } }],
 *       reset: () => { lit = 0; },
 *     })] };
 *   },
 * });
 *
 * // With vitest: for (const { title, run } of deviceSuite(…)) it(title, run);
 * for (const { id, run } of deviceSuite(() => setupPart(lamp))) {
 *   await run();
 *   console.log(`${id} holds`);
 * }
 *
 * @module
 */
export { type BlockBackendFactory, type BlockBackendSubject, blockBackendSuite } from './block-backend-suite.ts';
export { type CharBackendSubject, charBackendSuite } from './char-backend-suite.ts';
export { type ClockSubject, clockSuite } from './clock-suite.ts';
export type { ConformanceCase, SubjectFactory } from './conformance.ts';
export { type DeviceSubject, type DeviceSuiteOptions, deviceSuite } from './device-suite.ts';
export { errorTable } from './errors.ts';
export { type FakeCharBackend, fakeCharBackend } from './fake-char-backend.ts';
export { type FakeClock, fakeClock } from './fake-clock.ts';
export {
  contentsAfterCrash,
  type FakeHostFile,
  type FakeHostFileOptions,
  fakeHostFile,
  type HostFileChange,
} from './fake-host-file.ts';
export { type FakeInterrupt, fakeInterrupt } from './fake-interrupt.ts';
export { type FakeMemoryOptions, fakeMemory } from './fake-memory.ts';
export {
  type FakeVirtioQueue,
  type FakeVirtioQueueOptions,
  type FakeVirtioRequest,
  fakeVirtioQueue,
} from './fake-virtio-queue.ts';
export { fsBackendModel, type ReferenceFiles } from './fs-backend-model.ts';
export type { FsBackendSubject } from './fs-backend/subject.ts';
export { fsBackendSuite } from './fs-backend-suite.ts';
export { type NetBackendSubject, netBackendSuite } from './net-backend-suite.ts';
export { type Random, seededRandom } from './random.ts';
export { roundRobin } from './round-robin.ts';
export { type SchedulerSubject, type SchedulerSuiteOptions, schedulerSuite } from './scheduler-suite.ts';
export { type EmittedEvent, type PartUnderTest, type SetupPartOptions, setupPart } from './setup-part.ts';
export { type VirtioDeviceSuiteOptions, virtioDeviceSuite } from './virtio-device-suite.ts';
export type { Verdict } from './hostile/case.ts';
export type { RingFormat, VirtioProbe, VirtioSubject } from './hostile/laboratory.ts';
export { type HostileRun, hostileRuns, hostileSuite } from './hostile/suite.ts';
