import { describe, expect, it } from 'vitest';
import { bareSession } from '../src/bare-session.ts';
import { kernelSession } from '../src/kernel-session.ts';
import { type Check, line } from '../src/report.ts';

const failures = (checks: readonly Check[]): string[] =>
  checks.filter(({ failure }) => failure !== undefined).map(line);

describe('GDB', () => {
  it('debugs bare code, and shows the same of QEMU', async () => {
    const checks = await bareSession();
    expect(failures(checks)).toEqual([]);
    expect(checks.length).toBeGreaterThan(15);
  });

  it('debugs a booting and a running Debian', async () => {
    const checks = await kernelSession();
    expect(failures(checks)).toEqual([]);
    expect(checks.length).toBeGreaterThan(10);
  });
});
