import type { AccessWidth, Device, DeviceTreeNode, MmioRegion, StateCodec } from '@vivarium/contracts';
import { type ConformanceCase, expectThat, neverThrows, type SubjectFactory } from './conformance.ts';
import { type Random, seededRandom } from './random.ts';
import { refusesWrongState, restoresWhatItSaved, savesPlainData } from './state-checks.ts';
import { findForeign } from './state-values.ts';

/** A device as after power-on, with whatever it needs around it at rest. */
export interface DeviceSubject {
  readonly device: Device;
  dispose?(): void | Promise<void>;
}

export interface DeviceSuiteOptions {
  /** Of the random accesses; default 1. A failure names it. */
  readonly seed?: number;
  /** Random accesses in a storm; default 20000. */
  readonly accesses?: number;
  /** Registers that do not read the same twice, such as a counter of host time; left out of comparisons. */
  readonly unstable?: (region: string, offset: number) => boolean;
}

const WIDTHS: readonly AccessWidth[] = [1, 2, 4];
/** Of larger regions only the ends and a sample are read one by one. */
const SWEEP = 0x1000;

/** What every device on the system bus must do. */
export const deviceSuite = (
  make: SubjectFactory<DeviceSubject>,
  { seed = 1, accesses = 20_000, unstable = () => false }: DeviceSuiteOptions = {},
): readonly ConformanceCase[] => {
  const withDevices = async (count: number, act: (...devices: readonly Device[]) => void): Promise<void> => {
    const subjects: DeviceSubject[] = [];
    try {
      while (subjects.length < count) subjects.push(await make());
      act(...subjects.map(({ device }) => device));
    } finally {
      for (const subject of subjects.toReversed()) await subject.dispose?.();
    }
  };
  const withDevice = (act: (device: Device) => void): Promise<void> =>
    withDevices(1, (device) => device !== undefined && act(device));
  const withPair = (act: (one: Device, other: Device) => void): Promise<void> =>
    withDevices(2, (one, other) => one !== undefined && other !== undefined && act(one, other));
  const withState = (act: (one: Device, other: Device, state: StateCodec, otherState: StateCodec) => void) =>
    withPair((one, other) => one.state && other.state && act(one, other, one.state, other.state));
  const sameReads = (one: Device, other: Device, when: string): void => {
    for (const region of one.regions) {
      const twin = other.regions.find(({ name }) => name === region.name);
      for (const [offset, width] of sweep(region, seed)) {
        const [left, right] = [checkedRead(region, offset, width), twin && checkedRead(twin, offset, width)];
        const same = left === right || unstable(region.name, offset);
        expectThat(same, `${place(region, offset, width)} must read ${left} ${when}, and reads ${right}`, { seed });
      }
    }
  };

  return [
    {
      id: 'device/regions',
      title: 'has regions with names of their own and positive whole lengths, and names its interrupts once',
      run: () => withDevice(checkShape),
    },
    {
      id: 'device/reads',
      title: 'answers every aligned read of every width with a whole number that fits the width',
      run: () =>
        withDevice((device) => {
          for (const region of device.regions) {
            for (const [offset, width] of sweep(region, seed)) checkedRead(region, offset, width);
          }
        }),
    },
    {
      id: 'device/storm',
      title: 'survives random accesses of a hostile guest, resets among them',
      run: () =>
        withDevice((device) => {
          const random = seededRandom(seed);
          for (let round = 0; round < 4; round++) {
            storm(device, random, accesses / 4);
            neverThrows('reset', () => device.reset());
          }
        }),
    },
    {
      id: 'device/reset',
      title: 'reads after a reset as it does after power-on, whatever was done to it',
      run: () =>
        withPair((fresh, used) => {
          neverThrows('reset', () => fresh.reset());
          storm(used, seededRandom(seed), accesses);
          neverThrows('reset', () => used.reset());
          sameReads(fresh, used, 'after a reset');
        }),
    },
    {
      id: 'device/state-plain',
      title: 'saves plain data that later accesses do not change',
      run: () =>
        withState((device, _other, state) => {
          storm(device, seededRandom(seed), accesses);
          savesPlainData(state, () => storm(device, seededRandom(seed + 1), accesses));
        }),
    },
    {
      id: 'device/state-restore',
      title: 'saves, restores and saves again to the same state, and then reads the same',
      run: () =>
        withState((device, other, state, otherState) => {
          storm(device, seededRandom(seed), accesses);
          restoresWhatItSaved(state, otherState, { seed });
          sameReads(device, other, 'after a restore');
        }),
    },
    {
      id: 'device/state-hostile',
      title: 'refuses state that is wrong with a coded error, and is then as after a reset',
      run: () =>
        withState((device, other, state, otherState) => {
          neverThrows('reset', () => other.reset());
          refusesWrongState(state, otherState, () => storm(device, seededRandom(seed), Math.min(accesses, 200)));
        }),
    },
    {
      id: 'device/device-tree',
      title: 'has, if any, a device tree node of plain data with a name and compatible',
      run: () => withDevice(({ deviceTree }) => deviceTree && checkNode(deviceTree)),
    },
  ];
};

const place = (region: MmioRegion, offset: number, width: number): string =>
  `region "${region.name}" at 0x${offset.toString(16)}, ${width} bytes wide,`;

const checkedRead = (region: MmioRegion, offset: number, width: AccessWidth): number => {
  const value: unknown = neverThrows(`a read of ${place(region, offset, width)}`, () => region.read(offset, width));
  const fits = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** (8 * width);
  expectThat(fits, `${place(region, offset, width)} must read a whole number that fits, and reads ${String(value)}`);
  return value as number;
};

/** Aligned accesses: all of a small region; the ends and a sample of a large one. */
const sweep = function* (region: MmioRegion, seed: number): Generator<readonly [number, AccessWidth]> {
  const at = function* (offset: number): Generator<readonly [number, AccessWidth]> {
    for (const width of WIDTHS) if (offset % width === 0 && offset + width <= region.length) yield [offset, width];
  };
  const head = Math.min(region.length, SWEEP);
  for (let offset = 0; offset < head; offset++) yield* at(offset);
  if (region.length === head) return;
  const random = seededRandom(seed);
  const words = Math.floor(Math.min(region.length, 2 ** 32) / 4);
  for (let count = 0; count < SWEEP; count++) yield* at(random(words) * 4);
  for (let offset = Math.max(head, region.length - SWEEP); offset < region.length; offset++) yield* at(offset);
};

/** Half of the values are ones that registers treat specially. */
const value32 = (random: Random): number => {
  const special = [0, 1, 0xffff_ffff, 0x8000_0000, 0x7fff_ffff, 2 ** random(32)];
  return random(2) === 0 ? random(2 ** 32) : (special[random(special.length)] ?? 0);
};

const storm = (device: Device, random: Random, accesses: number): void => {
  for (let count = 0; count < accesses && device.regions.length > 0; count++) {
    const region = device.regions[random(device.regions.length)];
    if (region !== undefined) randomAccess(region, random);
  }
};

const randomAccess = (region: MmioRegion, random: Random): void => {
  const size = ([1, 2, 4, 8] as const)[random(4)] ?? 1;
  const limit = Math.min(region.length, 2 ** 32);
  if (limit < size) return;
  // Most registers of a large region are near its start.
  const span = random(2) === 0 ? Math.min(limit, SWEEP) : limit;
  const offset = random(Math.floor(span / size)) * size;
  const reads = random(2) === 0;
  if (size === 8) {
    const value = (BigInt(value32(random)) << 32n) | BigInt(value32(random));
    if (reads && region.read64 !== undefined) checkedRead64(region, offset);
    else if (!reads) neverThrows(`a write of ${place(region, offset, 8)}`, () => region.write64?.(offset, value));
  } else if (reads) checkedRead(region, offset, size);
  else {
    const value = value32(random) & (size === 4 ? -1 : 2 ** (8 * size) - 1);
    neverThrows(`a write of ${place(region, offset, size)}`, () => region.write(offset, size, value >>> 0));
  }
};

const checkedRead64 = (region: MmioRegion, offset: number): void => {
  const value: unknown = neverThrows(`a read of ${place(region, offset, 8)}`, () => region.read64?.(offset));
  const fits = typeof value === 'bigint' && value === BigInt.asUintN(64, value);
  expectThat(fits, `${place(region, offset, 8)} must read a bigint of 64 bits, and reads ${String(value)}`);
};

const checkShape = ({ regions, interrupts = [] }: Device): void => {
  for (const [index, { name, length }] of regions.entries()) {
    expectThat(name !== '', 'a region must have a name');
    expectThat(Number.isSafeInteger(length) && length > 0, `region "${name}" must have a length, and has ${length}`);
    const first = regions.findIndex((other) => other.name === name);
    expectThat(first === index, `two regions are named "${name}"`);
  }
  expectThat(!interrupts.includes(''), 'an interrupt must have a name');
  expectThat(new Set(interrupts).size === interrupts.length, `interrupts must differ: ${interrupts.join(', ')}`);
};

/** Devicetree Specification 0.4, sections 2.2.1 (node names), 2.2.4 (property names) and 2.3.1 (compatible). */
const checkNode = (node: DeviceTreeNode): void => {
  const compatible = node.properties['compatible'];
  const list = Array.isArray(compatible) ? compatible : [compatible];
  const texts = list.length > 0 && list.every((text) => typeof text === 'string' && text !== '');
  expectThat(texts, `node "${node.name}" must have compatible as text or a list of texts`);
  checkNames(node);
  const foreign = findForeign(node, `node ${node.name}`);
  expectThat(foreign === undefined, `${foreign} must be plain data`);
};

const checkNames = ({ name, properties, children = [] }: DeviceTreeNode): void => {
  const bare = /^[A-Za-z][A-Za-z0-9,._+-]{0,30}$/.test(name);
  const addressed = /^[A-Za-z0-9,._+-]{1,31}@[A-Za-z0-9,._+-]+$/.test(name);
  expectThat(bare || addressed, `"${name}" must be a node name`);
  for (const property of Object.keys(properties)) {
    expectThat(/^[A-Za-z0-9,._+?#-]{1,31}$/.test(property), `"${property}" of node "${name}" must be a property name`);
  }
  for (const child of children) checkNames(child);
};
