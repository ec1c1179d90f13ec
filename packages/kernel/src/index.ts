/**
 * The kernel: turns a machine spec, which is plain data, into a running machine of parts, and takes it down again.
 * It checks everything before it builds anything, hands each plugin what its manifest declares and nothing else,
 * gives every hook a deadline, and keeps one part's failure from the others.
 *
 * What it checks and the order it works in: docs of {@link assemble}; why it is built on tsyringe and how it keeps
 * clear of its traps: docs/adr/0001.
 *
 * @example
 * import { bind, ClockToken, CONTRACTS_MAJOR, definePlugin, DeviceToken } from '@vivarium/contracts';
 * import { assemble } from '@vivarium/kernel';
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
 * await using machine = await assemble({
 *   name: 'desk',
 *   parts: [{ id: 'lamp0', plugin: lamp, regions: { registers: 0x1000_0000 } }],
 * });
 * await machine.start();
 *
 * @module
 */
export { assemble, type AssembleOptions } from './assembly.ts';
export type { Hook } from './deadline.ts';
export { errorTable } from './errors.ts';
export { defaultPolicy, type GrantPolicy } from './grant-policy.ts';
export type { Machine } from './machine.ts';
export type { PartInfo } from './part-info.ts';
export type { LoadPlugin } from './plugin-source.ts';
