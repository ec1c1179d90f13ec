import { expectThat } from '../conformance.ts';
import type { HostileCase } from './case.ts';
import type { Laboratory } from './laboratory.ts';
import { Common, PciDriver } from './pci-driver.ts';

const pci = (lab: Laboratory): PciDriver => {
  const { driver } = lab.bench;
  if (driver instanceof PciDriver) return driver;
  throw new TypeError('not a PCI device');
};

const transports = ['pci'] as const;
const WIDTHS = [1, 2, 4] as const;
const ACCESS_WINDOW = 5;

/** Section E of the catalogue, as far as it is about PCI. */
export const pciCases: readonly HostileCase[] = [
  {
    id: 'E1',
    title: 'accesses that are narrower or wider than the field',
    transports,
    run: (lab) => {
      for (const [offset, width] of Object.values(Common)) {
        for (const wrong of WIDTHS.filter((each) => each !== width)) {
          expectThat(pci(lab).read([offset, wrong]) === 0, 'a field answers in its own width alone', { offset, wrong });
          pci(lab).write([offset, wrong], 0);
        }
      }
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E3',
    title: 'offsets of the BAR without a register',
    transports,
    run: (lab) => {
      const region = pci(lab).region(pci(lab).part(1).bar);
      for (const offset of [0x38, 0x3c, 0x100, 0xffc, 0x1004]) {
        expectThat(region.read(offset, 4) === 0, 'nothing reads as 0', { offset });
        region.write(offset, 4, 0xffff_ffff);
      }
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E4',
    title: 'writes all over the read-only configuration space',
    transports,
    run: (lab) => {
      const { function: subject } = pci(lab);
      const identity = () => [0, 8, 0x2c, 0x34].map((offset) => subject.readConfig(offset, 4)).join();
      const before = identity();
      for (const offset of [0, 8, 0x2c, 0x34]) subject.writeConfig(offset, 4, 0xffff_ffff);
      for (let offset = 0x100; offset < 0x1000; offset += 4) {
        subject.writeConfig(offset, 4, 0xffff_ffff);
        expectThat(subject.readConfig(offset, 4) === 0, 'extended space is empty', { offset });
      }
      expectThat(identity() === before, 'who a function is must stay');
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E12',
    title: 'MSI-X vectors that do not exist',
    transports,
    run: (lab) => {
      for (const vector of [0x40, 0x7fff, 0xfffe]) {
        pci(lab).write(Common.configVector, vector);
        expectThat(pci(lab).read(Common.configVector) === 0xffff, 'a vector that is not there reads as none', {
          vector,
        });
        pci(lab).write(Common.queueSelect, lab.bench.probe.queue);
        pci(lab).write(Common.queueVector, vector);
        expectThat(pci(lab).read(Common.queueVector) === 0xffff, 'a vector that is not there reads as none', {
          vector,
        });
      }
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E13',
    title: 'the access window with a BAR, an offset or a length that makes no sense',
    transports,
    run: (lab) => {
      const { function: subject } = pci(lab);
      const { at } = pci(lab).part(ACCESS_WINDOW);
      const length = pci(lab).region(0).length;
      for (const [bar, offset, width] of [
        [1, 0, 4],
        [5, 0, 4],
        [0xff, 0, 1],
        [0, length, 1],
        [0, length - 1, 4],
        [0, 0xffff_fffc, 4],
        [0, 1, 2],
        [0, 0, 3],
        [0, 0, 0],
        [0, 0, 0xffff_ffff],
      ] as const) {
        subject.writeConfig(at + 4, 1, bar);
        subject.writeConfig(at + 8, 4, offset);
        subject.writeConfig(at + 12, 4, width);
        expectThat(subject.readConfig(at + 16, 4) === 0, 'nothing is there', { bar, offset, width });
        subject.writeConfig(at + 16, 4, 0xffff_ffff);
      }
      subject.writeConfig(at + 4, 1, 0);
      subject.writeConfig(at + 8, 4, pci(lab).part(1).offset + Common.numQueues[0]);
      subject.writeConfig(at + 12, 4, 2);
      const queues = subject.readConfig(at + 16, 2);
      expectThat(queues === lab.bench.device.queueSizes.length, 'the window must work when it makes sense', { queues });
      lab.serves();
      return 'REJECT';
    },
  },
  {
    id: 'E15',
    title: 'the size of a BAR asked for while it is in use',
    transports,
    run: (lab) => {
      const { function: subject } = pci(lab);
      for (const { index, region } of subject.bars) {
        const at = 0x10 + 4 * index;
        const before = subject.readConfig(at, 4);
        subject.writeConfig(at, 4, 0xffff_ffff);
        const mask = subject.readConfig(at, 4) & ~0xf;
        expectThat(-mask === region.length, 'a BAR of all ones tells its size', { index, mask });
        subject.writeConfig(at, 4, before);
        expectThat(subject.readConfig(at, 4) === before, 'a BAR must go back where it was', { index });
      }
      lab.serves();
      return 'PASS';
    },
  },
];
