import { bind, type CpuCore, CpuCoreToken } from '@vivarium/contracts';
import { deviceSuite, fakeInterrupt, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { aclint } from '../src/index.ts';

const core = {
  architecture: 'riscv64',
  vcpus: [0, 1].map((index) => ({ index, interruptInput: () => fakeInterrupt() })),
} as unknown as CpuCore;

describe('the ACLINT as a device', () => {
  it.each(deviceSuite(() => setupPart(aclint, { provide: [bind(CpuCoreToken, core)] })))('$title', ({ run }) =>
    expect(run()).resolves.toBeUndefined(),
  );
});
