/**
 * The contracts every Vivarium part is written against. This package holds types, tokens and a handful of constants;
 * it has no runtime dependency and no behaviour of its own.
 *
 * A machine is a list of parts ({@link MachineSpec}). Each part comes from a plugin ({@link definePlugin}), offers
 * values under tokens ({@link Token}), and asks for those of others. The kernel checks, builds, starts and takes down.
 *
 * @example
 * import { bind, CONTRACTS_MAJOR, definePlugin, DeviceToken } from '@vivarium/contracts';
 *
 * export default definePlugin({
 *   name: 'lamp', version: '1.0.0', api: CONTRACTS_MAJOR, provides: [DeviceToken],
 *   setup: () => {
 *     let lit = 0;
 *     return { provides: [bind(DeviceToken, {
 *       regions: [{ name: 'registers', length: 4, read: () => lit, write: (_offset, _width, value) => { lit = value & 1; } }],
 *       reset: () => { lit = 0; },
 *       deviceTree: { name: 'lamp', properties: { compatible: 'example,lamp' } },
 *     })] };
 *   },
 * });
 *
 * @module
 */
export * from './balloon.ts';
export * from './block.ts';
export * from './bus.ts';
export * from './character.ts';
export * from './clock.ts';
export * from './core-background.ts';
export * from './core-threads.ts';
export * from './cpu.ts';
export * from './debug.ts';
export * from './debug-point.ts';
export * from './device.ts';
export * from './device-tree.ts';
export * from './errors.ts';
export * from './events.ts';
export * from './fault.ts';
export * from './filesystem.ts';
export * from './firmware.ts';
export * from './grants.ts';
export * from './host-file.ts';
export * from './interrupt.ts';
export * from './interrupt-file.ts';
export * from './logger.ts';
export * from './machine.ts';
export * from './memory.ts';
export * from './paging.ts';
export * from './network.ts';
export * from './pci.ts';
export * from './plugin.ts';
export * from './power.ts';
export * from './scheduler.ts';
export * from './rate-limit.ts';
export * from './reclaim-policy.ts';
export * from './resource-policy.ts';
export * from './schema.ts';
export * from './state.ts';
export * from './steal-time.ts';
export * from './supervision.ts';
export * from './token.ts';
export * from './vcpu-allotment.ts';
export * from './vcpu-thread.ts';
export * from './virtio.ts';
export * from './vsock.ts';
