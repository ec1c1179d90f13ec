import type { PartSpec } from '@vivarium/contracts';

/** A virtio device, and the parts behind it that are on no bus. */
export interface BoardDevice {
  readonly backends: readonly PartSpec[];
  readonly device: PartSpec;
}

/** A part before it is in a machine, which gives it its id. */
export type Backend = Omit<PartSpec, 'id'>;
