import type { Grant } from '@vivarium/contracts';
import type { CheckedPart } from './requirements.ts';

/** What a machine tells about one of its parts. */
export interface PartInfo {
  readonly id: string;
  readonly plugin: string;
  readonly version: string;
  /** Ids of the tokens it provides. */
  readonly provides: readonly string[];
  readonly grants: readonly Grant[];
}

export const describePart = ({ spec, manifest }: CheckedPart): PartInfo => ({
  id: spec.id,
  plugin: manifest.name,
  version: manifest.version,
  provides: manifest.provides.map(({ id }) => id),
  grants: manifest.grants,
});
