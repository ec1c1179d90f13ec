import type { PartSpec } from '@vivarium/contracts';
import { virtioBalloon } from '@vivarium/virtio-balloon';
import { virtioRng } from '@vivarium/virtio-rng';
import { virtioVsock } from '@vivarium/virtio-vsock';

type Options = Readonly<Record<string, unknown>>;

/** Devices of which a board has one or none, by what their options are. */
export interface GuestServices {
  /** A memory balloon, part id `balloon0`: see @vivarium/virtio-balloon. */
  readonly balloon?: Options;
  /** Sockets between guest and host code, part id `vsock0`: see @vivarium/virtio-vsock. */
  readonly vsock?: Options;
  /** A source of random numbers, part id `rng0`: see @vivarium/virtio-rng. */
  readonly rng?: Options;
}

const PLUGINS = { balloon: virtioBalloon, vsock: virtioVsock, rng: virtioRng } as const;

/** The parts of those that there are. */
export const serviceDevices = (services: GuestServices): readonly PartSpec[] =>
  (['balloon', 'vsock', 'rng'] as const).flatMap((kind) => {
    const options = services[kind];
    return options === undefined ? [] : [{ id: `${kind}0`, plugin: PLUGINS[kind], options }];
  });
