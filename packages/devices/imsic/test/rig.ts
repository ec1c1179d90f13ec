import {
  bind,
  type CpuCore,
  CpuCoreToken,
  DeviceToken,
  type InterruptFile,
  InterruptFilesToken,
} from '@vivarium/contracts';
import { type FakeInterrupt, fakeInterrupt, setupPart } from '@vivarium/testkit';
import { imsic } from '../src/index.ts';

/** A hart as the IMSIC knows it. */
interface FakeHart {
  readonly lines: Readonly<Record<'seip' | 'meip', FakeInterrupt>>;
  readonly files: Partial<Record<'supervisor' | 'machine', InterruptFile>>;
}

/** An IMSIC with fake harts, driven as a guest does. */
export const makeRig = async (options: object = {}, harts = 2, advanced = true) => {
  const fakes = Array.from(
    { length: harts },
    (): FakeHart => ({ lines: { seip: fakeInterrupt(), meip: fakeInterrupt() }, files: {} }),
  );
  const vcpus = fakes.map(({ lines, files }, index) => ({
    index,
    interruptInput: (name: 'seip' | 'meip') => lines[name],
    connectInterruptFile: (level: 'supervisor' | 'machine', file: InterruptFile) => {
      files[level] = file;
      return advanced;
    },
  }));
  const core = { architecture: 'riscv64', vcpus } as unknown as CpuCore;
  const subject = await setupPart(imsic, { id: 'imsic', options, provide: [bind(CpuCoreToken, core)] });
  const devices = (subject.part.provides ?? [])
    .filter(({ token }) => token.id === DeviceToken.id)
    .map(({ value }) => value as typeof subject.device);
  for (const device of devices) device.reset();
  const regions = devices.flatMap((device) => device.regions);
  const file = (hart = 0, level: 'supervisor' | 'machine' = 'supervisor'): InterruptFile => {
    const found = fakes[hart]?.files[level];
    if (found === undefined) throw new Error(`hart ${hart} has no ${level} file`);
    return found;
  };
  return {
    devices,
    files: subject.get(InterruptFilesToken),
    file,
    /** What the hart was told. */
    level: (hart = 0, input: 'seip' | 'meip' = 'seip') => fakes[hart]?.lines[input].level,
    page: (hart: number, offset: number, width: 1 | 2 | 4, value: number, level = 'supervisor') =>
      regions.find(({ name }) => name === level)?.write(hart * 0x1000 + offset, width, value),
    regions,
    enable: (identity: number, hart = 0) => {
      const register = 0xc0 + (identity >> 5);
      file(hart).write(register, (file(hart).read(register) | (1 << (identity & 31))) >>> 0);
    },
  };
};
