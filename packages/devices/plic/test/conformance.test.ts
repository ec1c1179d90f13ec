import { bind, type CpuCore, CpuCoreToken } from '@vivarium/contracts';
import { deviceSuite, fakeInterrupt, setupPart } from '@vivarium/testkit';
import { describe, it } from 'vitest';
import { plic } from '../src/index.ts';

const core = {
  architecture: 'riscv64',
  vcpus: [0, 1].map((index) => ({ index, interruptInput: () => fakeInterrupt() })),
} as unknown as CpuCore;

describe('the PLIC as a device', () => {
  for (const { title, run } of deviceSuite(() => setupPart(plic, { provide: [bind(CpuCoreToken, core)] }))) {
    it(title, run);
  }
});
