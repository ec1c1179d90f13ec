import { CharBackendToken, type PartSpec } from '@vivarium/contracts';
import { virtioConsole, virtioConsolePort } from '@vivarium/virtio-console';
import type { BoardDevice } from './board-device.ts';

/** A stream of bytes to and from host code, by a name. */
export interface VirtPort {
  /** What the guest sees below /sys/class/virtio-ports. */
  readonly name: string;
  /** A part that provides a character backend. */
  readonly backend: PartSpec;
}

/** `hvc0`, the virtio console of the machine, with its ports: its first one, which every driver expects, is a console. */
export const portsDevice = (ports: readonly VirtPort[], console: PartSpec): BoardDevice => ({
  backends: [
    console,
    ...ports.flatMap(({ name, backend }, index): PartSpec[] => [
      backend,
      {
        id: `port${index + 1}`,
        plugin: virtioConsolePort,
        options: { name },
        use: { [CharBackendToken.name]: backend.id },
      },
    ]),
  ],
  device: { id: 'hvc', plugin: virtioConsole, use: { [CharBackendToken.name]: console.id } },
});
