import type { AccessWidth } from '@vivarium/contracts';
import { expectThat } from '../conformance.ts';
import type { HostileCase } from './case.ts';
import { Mmio, MmioDriver } from './driver.ts';
import type { Laboratory } from './laboratory.ts';

const mmio = (lab: Laboratory): MmioDriver => {
  const { driver } = lab.bench;
  if (driver instanceof MmioDriver) return driver;
  throw new TypeError('not an MMIO device');
};

const READ_ONLY = [Mmio.magic, Mmio.version, Mmio.deviceId, Mmio.deviceFeatures, Mmio.queueSizeMax, Mmio.generation];
const WRITE_ONLY = [
  Mmio.deviceFeaturesSel,
  Mmio.driverFeatures,
  Mmio.driverFeaturesSel,
  Mmio.queueSel,
  Mmio.queueNotify,
];

const transports = ['mmio'] as const;

const configLength = (lab: Laboratory): number => lab.bench.device.config.length;

/** Section E of the catalogue, as far as it is about registers on the bus. */
export const mmioCases: readonly HostileCase[] = [
  {
    id: 'E1',
    title: 'accesses of 1, 2 and 8 bytes to registers of 4',
    transports,
    run: (lab) => {
      const { region } = mmio(lab);
      for (let offset = 0; offset < Mmio.config; offset += 4) {
        for (const width of [1, 2] as const) {
          expectThat(region.read(offset, width) === 0, 'a narrow read reaches no register', { offset, width });
          region.write(offset, width, 0);
        }
      }
      expectThat(region.read64 === undefined && region.write64 === undefined, '64-bit accesses must be split');
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E2',
    title: 'offsets that are not aligned',
    transports,
    run: (lab) => {
      // The bus refuses them; a device that is asked all the same must not fall.
      for (let offset = 1; offset < Mmio.config; offset += 4) {
        mmio(lab).region.read(offset, 4);
        mmio(lab).region.write(offset, 4, 0xffff_ffff);
      }
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E3',
    title: 'offsets without a register',
    transports,
    run: (lab) => {
      for (const offset of [0x18, 0x28, 0x3c, 0x48, 0x68, 0x74, 0xc8, 0xf8]) {
        expectThat(mmio(lab).read(offset) === 0, 'nothing reads as 0', { offset });
        mmio(lab).write(offset, 0xffff_ffff);
      }
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E4',
    title: 'writes to registers that are read-only',
    transports,
    run: (lab) => {
      for (const offset of READ_ONLY) {
        const before = mmio(lab).read(offset);
        mmio(lab).write(offset, ~before);
        expectThat(mmio(lab).read(offset) === before, 'a read-only register must stay', { offset });
      }
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E5',
    title: 'reads of registers that are write-only',
    transports,
    run: (lab) => {
      for (const offset of WRITE_ONLY) {
        expectThat(mmio(lab).read(offset) === 0, 'a write-only register reads as 0', { offset });
      }
      return 'PASS';
    },
  },
  {
    id: 'E6',
    title: 'pages of features that do not exist',
    transports,
    run: (lab) => {
      for (const page of [2, 3, 0xffff_ffff]) {
        mmio(lab).write(Mmio.deviceFeaturesSel, page);
        expectThat(mmio(lab).read(Mmio.deviceFeatures) === 0, 'no features there', { page });
        mmio(lab).write(Mmio.driverFeaturesSel, page);
        mmio(lab).write(Mmio.driverFeatures, 0xffff_ffff);
      }
      lab.serves();
      return 'PASS';
    },
  },
  {
    id: 'E7',
    title: 'a read across the end of the configuration space',
    transports,
    run: (lab) => {
      const length = configLength(lab);
      const at = Math.max(0, length - 2);
      const width: AccessWidth = 4;
      const expected = Array.from({ length: 4 }, (_, index) =>
        at + index < length ? mmio(lab).configByte(at + index) : 0,
      ).reduce((value, byte, index) => value + byte * 2 ** (8 * index), 0);
      const read = mmio(lab).region.read(Mmio.config + at, width);
      expectThat(read === expected, 'bytes beyond the end read 0', { read, expected });
      return 'PASS';
    },
  },
  {
    id: 'E8',
    title: 'a read far beyond the configuration space',
    transports,
    run: (lab) => {
      const last = mmio(lab).region.length - 4;
      expectThat(mmio(lab).read(last) === 0, 'nothing is there');
      expectThat(mmio(lab).region.read(2 ** 32 - 1, 1) === 0, 'nothing is there');
      return 'PASS';
    },
  },
  {
    id: 'E9',
    title: 'writes all over the configuration space',
    transports,
    run: (lab) => {
      for (const value of [0xff, 0]) {
        for (let offset = 0; offset < 0x100; offset++) mmio(lab).region.write(Mmio.config + offset, 1, value);
      }
      lab.start(lab.bench);
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E10',
    title: 'a configuration that changes between two reads',
    transports,
    run: (lab) => {
      const generation = mmio(lab).read(Mmio.generation);
      const bytes = () => Array.from({ length: configLength(lab) }, (_, offset) => mmio(lab).configByte(offset)).join();
      const before = bytes();
      const same = mmio(lab).read(Mmio.generation) === generation;
      expectThat(!same || bytes() === before, 'what changes must change the generation');
      return 'PASS';
    },
  },
  {
    id: 'E11',
    title: 'interrupts acknowledged that were never raised',
    transports,
    run: (lab) => {
      mmio(lab).write(Mmio.interruptAck, 0xffff_ffff);
      expectThat(mmio(lab).read(Mmio.interruptStatus) === 0 && !lab.bench.interrupts.level, 'no interrupt is pending');
      lab.serves();
      return 'PASS';
    },
  },
  {
    id: 'E16',
    title: 'a 64-bit address in two writes, high half first',
    transports,
    cold: true,
    run: (lab) => {
      lab.negotiate(lab.bench);
      const { queue } = lab.bench.probe;
      const place = lab.placeOf(lab.bench, queue);
      mmio(lab).place(queue, { ...place, descriptors: 0 });
      mmio(lab).write(Mmio.descriptors + 4, 0);
      mmio(lab).write(Mmio.descriptors, place.descriptors);
      expectThat(mmio(lab).enable(queue) === 1, 'the address is whole');
      return 'PASS';
    },
  },
];
