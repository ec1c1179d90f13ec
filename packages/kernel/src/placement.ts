import type { Device, MemoryBank, MmioRegion, PartSpec, Placement } from '@vivarium/contracts';
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
 * Gives every region its address. Throws `VIV_DEVICE_REGION` for two regions of one name, `VIV_DEVICE_UNPLACED`,
 * `VIV_DEVICE_ADDRESS` and `VIV_DEVICE_OVERLAP`.
 */
export const placeDevices = (
  parts: readonly DevicesOfPart[],
  reserved: readonly ReservedRange[],
): readonly Placement[] => {
  const placements = parts.flatMap(placePart);
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

const placePart = ({ spec, devices }: DevicesOfPart): Placement[] => {
  const details = { part: spec.id };
  const names = new Set<string>();
  const placements: Placement[] = [];
  for (const device of devices) {
    for (const region of device.regions) {
      if (names.has(region.name)) {
        throw errors.make('VIV_DEVICE_REGION', `part "${spec.id}" has two regions named "${region.name}"`, { details });
      }
      names.add(region.name);
      placements.push({ part: spec.id, device, region, base: placeRegion(spec, region) });
    }
  }
  const unknown = Object.keys(spec.regions ?? {}).find((name) => !names.has(name));
  if (unknown !== undefined) {
    const has = names.size === 0 ? 'no regions' : `these: ${[...names].join(', ')}`;
    throw errors.make(
      'VIV_DEVICE_UNPLACED',
      `the spec places region "${unknown}" of part "${spec.id}", which has ${has}`,
      {
        details,
      },
    );
  }
  return placements;
};

const placeRegion = (spec: PartSpec, region: MmioRegion): number => {
  const details = { part: spec.id, region: region.name };
  const base = Object.hasOwn(spec.regions ?? {}, region.name) ? spec.regions?.[region.name] : undefined;
  if (base === undefined) {
    throw errors.make('VIV_DEVICE_UNPLACED', `region "${region.name}" of part "${spec.id}" has no address`, {
      details,
    });
  }
  if (region.length > ADDRESS_LIMIT - base) {
    throw errors.make(
      'VIV_DEVICE_ADDRESS',
      `region "${region.name}" of part "${spec.id}" at ${hex(base)} with ${hex(region.length)} bytes ends above 2^53`,
      { details },
    );
  }
  return base;
};
