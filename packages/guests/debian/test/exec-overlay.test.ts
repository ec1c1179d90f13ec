import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandLine, execOverlay } from '../src/index.ts';

const extract = (archive: Uint8Array, path: string): string =>
  execFileSync('cpio', ['--extract', '--to-stdout', '--quiet', path], { input: archive, maxBuffer: 1 << 26 }).toString(
    'utf8',
  );

describe('execOverlay', () => {
  it('carries the command as it is', () => {
    const command = fc.string({ unit: 'binary', maxLength: 300 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(command, (text) => {
        expect(extract(execOverlay(text), 'viv/exec')).toBe(`${text}\n`);
      }),
      { numRuns: 40 },
    );
  });

  it('carries a command longer than any argument may be', () => {
    const command = `: ${'é'.repeat(1 << 20)}`;
    expect(extract(execOverlay(command), 'viv/exec')).toBe(`${command}\n`);
  });

  it('keeps an archive aligned that follows it', () => {
    expect(execOverlay('x').length % 512).toBe(0);
  });

  it('refuses a NUL, which no shell can run', () => {
    expect(() => execOverlay('a\0b')).toThrow(expect.objectContaining({ code: 'VIV_GUEST_COMMAND' }));
  });
});

describe('commandLine', () => {
  it('shows the log to a person, and keeps it short for one command', () => {
    const always = 'console=ttyS0 earlycon=sbi sysctl.vm.compaction_proactiveness=0 sysctl.vm.stat_interval=10';
    expect(commandLine({ interactive: true })).toBe(always);
    expect(commandLine({ interactive: true, quiet: true })).toBe(`${always} quiet`);
    expect(commandLine({ interactive: false })).toBe(`${always} quiet panic=-1`);
    expect(commandLine({ interactive: false, quiet: false })).toBe(`${always} panic=-1`);
  });
});
