/**
 * A console on a character backend, with the size of the terminal, and further ports as byte streams with names. Far
 * faster than a serial port: a write is one request, however long.
 *
 * Specification: Virtual I/O Device (VIRTIO) 1.3, section 5.3, https://docs.oasis-open.org/virtio/virtio/v1.3/virtio-v1.3.html.
 *
 * @example
 * import { CharBackendToken } from '@vivarium/contracts';
 * import { virtioConsole, virtioConsolePort } from '@vivarium/virtio-console';
 *
 * const parts = [
 *   { id: 'hvc0', plugin: virtioConsole, use: { [CharBackendToken.name]: 'console0' } },
 *   { id: 'agent', plugin: virtioConsolePort, options: { name: 'agent' }, use: { [CharBackendToken.name]: 'pipe1' } },
 * ];
 *
 * @module
 */
import {
  all,
  bind,
  CharBackendToken,
  CONTRACTS_MAJOR,
  ConsoleSizeToken,
  defineManyToken,
  definePlugin,
  type Token,
  VirtioDeviceToken,
} from '@vivarium/contracts';
import * as z from 'zod';
import { type NamedPort, VirtioConsole } from './virtio-console.ts';

/** A port of the machine's console device. */
export const ConsolePortToken: Token<NamedPort> = defineManyToken('vivarium/virtio-console-port', 1);

/** The plugin. It takes every port of the machine, in the order of the spec, from port 1 on. */
export const virtioConsole = definePlugin({
  name: '@vivarium/virtio-console',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'virtio console',
  provides: [VirtioDeviceToken, ConsoleSizeToken],
  requires: [CharBackendToken, all(ConsolePortToken)],
  setup: (context) => {
    const device = new VirtioConsole(context.get(CharBackendToken), context.all(ConsolePortToken));
    return {
      provides: [bind(VirtioDeviceToken, device), bind(ConsoleSizeToken, device)],
      // Not earlier: the reset before the first start would lose what the host has already typed.
      start: () => device.connect(),
    };
  },
});

/** Options of a port. */
export const virtioConsolePortOptions = z.strictObject({
  /** What the guest sees below /sys/class/virtio-ports. */
  name: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces'),
});

/** A further port. */
export const virtioConsolePort = definePlugin<z.infer<typeof virtioConsolePortOptions>>({
  name: '@vivarium/virtio-console-port',
  version: '0.1.0',
  api: CONTRACTS_MAJOR,
  summary: 'port of the virtio console',
  provides: [ConsolePortToken],
  requires: [CharBackendToken],
  options: virtioConsolePortOptions,
  setup: (context) => ({
    provides: [bind(ConsolePortToken, { name: context.options.name, backend: context.get(CharBackendToken) })],
  }),
});

export default virtioConsole;
export { type NamedPort, VirtioConsole } from './virtio-console.ts';
