import type { Device, MemoryBank, MmioRegion, MmioWindow, PartSpec, Placement } from '@vivarium/contracts';
import { errors } from './errors.ts';
import { isRecord, quote } from './spec.ts';

/** Guest-physical addresses are exact numbers below this. */
const ADDRESS_LIMIT = 2 ** 53;
const MAX_REGION_NAME = 64;

/** The devices of one part with the addresses the spec gives them. */
export interface DevicesOfPart {
  readonly spec: PartSpec;
  readonly devices: readonly Device[];
}

/** A range of guest-physical addresses that something other than a device has. */
export interface ReservedRange extends Pick<MemoryBank, 'base' | 'length'> {
  readonly part: string;
}

const hex = (address: number): string => `0x${address.toString(16)}`;

/** Checks the shape of a device. Throws `VIV_DEVICE_REGION`. */
export const checkDevice = (part: string, device: unknown): Device => {
  const refuse = (problem: string) =>
    errors.make('VIV_DEVICE_REGION', `device of part "${part}": ${problem}`, { details: { part } });
  if (!isRecord(device) || !Array.isArray(device['regions'])) throw refuse('regions must be a list');
  if (typeof device['reset'] !== 'function') throw refuse('reset must be a function');
  const { interrupts } = device;
  if (
    interrupts !== undefined &&
    !(Array.isArray(interrupts) && interrupts.every((name) => typeof name === 'string'))
  ) {
    throw refuse('interrupts must be a list of names');
  }
  for (const region of device['regions'] as readonly unknown[]) {
    if (!isRecord(region)) throw refuse('a region must be an object');
    const { name, length } = region;
    if (typeof name !== 'string' || name === '' || name.length > MAX_REGION_NAME) {
      throw refuse(`a region has the name ${quote(name)}`);
    }
    if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 1) {
      throw refuse(`region "${name}" has the length ${String(length)}`);
    }
    if (typeof region['read'] !== 'function' || typeof region['write'] !== 'function') {
      throw refuse(`region "${name}" must have read and write`);
    }
  }
  return device as unknown as Device;
};

/**
 * Gives every region its address: the one in the spec, or the next in the window. Throws `VIV_DEVICE_REGION` for two regions of one name, `VIV_DEVICE_UNPLACED`,
 * `VIV_DEVICE_WINDOW_FULL`, `VIV_DEVICE_ADDRESS` and `VIV_DEVICE_OVERLAP`.
 */
export const placeDevices = (
  parts: readonly DevicesOfPart[],
  reserved: readonly ReservedRange[],
  window?: MmioWindow,
): readonly Placement[] => {
  const regions = parts.flatMap(regionsOfPart);
  const fixed = regions.flatMap(({ region, base }) => (base === undefined ? [] : [{ base, length: region.length }]));
  const next = window === undefined ? undefined : windowAllocator(window, fixed);
  const placements = regions.map(({ base, ...rest }) => ({
    ...rest,
    base: base ?? nextBase(rest.part, rest.region, next),
  }));
  const ranges = [
    ...placements.map(({ part, region, base }) => ({
      what: `region "${region.name}" of part "${part}"`,
      part,
      base,
      length: region.length,
    })),
    ...reserved.map(({ part, base, length }) => ({ what: `RAM of part "${part}"`, part, base, length })),
  ].sort((a, b) => a.base - b.base);
  // In order of base, whatever overlaps anything overlaps its predecessor first.
  for (const [index, range] of ranges.entries()) {
    const before = ranges[index - 1];
    if (before === undefined || before.base + before.length <= range.base) continue;
    throw errors.make(
      'VIV_DEVICE_OVERLAP',
      `${before.what} at ${hex(before.base)} to ${hex(before.base + before.length - 1)} overlaps ${range.what} at ${hex(range.base)}`,
      { details: { parts: [before.part, range.part] } },
    );
  }
  return placements;
};

/** A region and, when the spec gives it one, its address. */
interface FoundRegion extends Omit<Placement, 'base'> {
  readonly base: number | undefined;
}

const regionsOfPart = ({ spec, devices }: DevicesOfPart): readonly FoundRegion[] => {
  const details = { part: spec.id };
  const found: FoundRegion[] = [];
  const names = new Set<string>();
  for (const device of devices) {
    for (const region of device.regions) {
      if (names.has(region.name)) {
        throw errors.make('VIV_DEVICE_REGION', `part "${spec.id}" has two regions named "${region.name}"`, { details });
      }
      names.add(region.name);
      found.push({ part: spec.id, device, region, base: fixedBase(spec, region) });
    }
  }
  const unknown = Object.keys(spec.regions ?? {}).find((name) => !names.has(name));
  if (unknown === undefined) return found;
  const has = names.size === 0 ? 'no regions' : `these: ${[...names].join(', ')}`;
  throw errors.make(
    'VIV_DEVICE_UNPLACED',
    `the spec places region "${unknown}" of part "${spec.id}", which has ${has}`,
    {
      details,
    },
  );
};

const fixedBase = (spec: PartSpec, region: MmioRegion): number | undefined => {
  const base = Object.hasOwn(spec.regions ?? {}, region.name) ? spec.regions?.[region.name] : undefined;
  if (base === undefined || region.length <= ADDRESS_LIMIT - base) return base;
  throw errors.make(
    'VIV_DEVICE_ADDRESS',
    `region "${region.name}" of part "${spec.id}" at ${hex(base)} with ${hex(region.length)} bytes ends above 2^53`,
    { details: { part: spec.id, region: region.name } },
  );
};

/** Gives the base of the next region of that length, or undefined when the window is full. */
type Allocate = (length: number) => number | undefined;

const nextBase = (part: string, region: MmioRegion, next: Allocate | undefined): number => {
  const details = { part, region: region.name };
  if (next === undefined) {
    throw errors.make('VIV_DEVICE_UNPLACED', `region "${region.name}" of part "${part}" has no address`, { details });
  }
  const base = next(region.length);
  if (base !== undefined) return base;
  throw errors.make(
    'VIV_DEVICE_WINDOW_FULL',
    `region "${region.name}" of part "${part}" with ${hex(region.length)} bytes does not fit into the window any more`,
    { details },
  );
};

const windowAllocator = (window: MmioWindow, fixed: readonly Pick<MemoryBank, 'base' | 'length'>[]): Allocate => {
  const end = window.base + window.length;
  let from = window.base;
  return (length) => {
    let size = window.align;
    while (size < length) size *= 2;
    const aligned = (address: number): number => Math.ceil(address / size) * size;
    let base = aligned(from);
    // Each turn moves beyond a fixed region, of which there are finitely many.
    while (base <= end - length) {
      const start = base;
      const blocking = fixed.find((range) => range.base < start + length && start < range.base + range.length);
      if (blocking === undefined) {
        from = base + length;
        return base;
      }
      base = aligned(blocking.base + blocking.length);
    }
    return undefined;
  };
};
