import { afterAll, describe, expect, it } from 'vitest';
import { programs } from './support/programs.ts';
import { codeIn, Scratch, viv } from './support/viv.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

/** The first bytes of a Linux Image (64-byte header) for RISC-V. */
const linuxImage = (bytes: number, memoryLength = bytes): Uint8Array => {
  const image = new Uint8Array(bytes);
  const view = new DataView(image.buffer);
  view.setBigUint64(8, 0x20_0000n, true);
  view.setBigUint64(16, BigInt(memoryLength), true);
  view.setUint32(32, 2, true);
  view.setUint32(56, 0x0543_5352, true);
  return image;
};

const x86Elf = (): Uint8Array => {
  const elf = new Uint8Array(4096);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  elf.set([2, 0, 62, 0], 16);
  return elf;
};

/** A command line that must fail, its error code and exit code. */
const refused = async (args: string[], code: string, exit: number): Promise<string> => {
  const { stdout, stderr, code: exitCode } = await viv(...args);
  expect({ code: codeIn(stderr), exit: exitCode, stdout }).toEqual({ code, exit, stdout: '' });
  expect(stderr).toMatch(/^ {2}hint: /m);
  return stderr;
};

describe('the command line', () => {
  it('with an unknown option', async () => {
    expect(await refused(['run', 'debian', '--frobnicate'], 'VIV_USAGE', 2)).toContain('--frobnicate');
  });

  it('is refused in JSON, too', async () => {
    const { stdout, code } = await viv('run', '--json', '--cpus', 'x', '--kernel', 'y');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'VIV_USAGE' } });
  });
});

describe('a file', () => {
  it('that is missing', async () => {
    await refused(['run', '--kernel', `${scratch.path}/none`], 'VIV_FILE_UNREADABLE', 1);
    await refused(['run', '--bios', `${scratch.path}/none`], 'VIV_FILE_UNREADABLE', 1);
  });

  it('that is a folder', async () => {
    await refused(['run', '--kernel', scratch.path], 'VIV_FILE_UNREADABLE', 1);
  });

  it('that cannot be written for a trace', async () => {
    const bios = scratch.put('hello.bin', programs.hello());
    await refused(['run', '--bios', bios, '--trace', `${scratch.path}/none/x`], 'VIV_FILE_UNWRITABLE', 1);
  });
});

describe('a kernel', () => {
  const boot = (image: Uint8Array, ...more: string[]) => ['run', '--kernel', scratch.put('kernel', image), ...more];

  it('that is empty', () => refused(boot(new Uint8Array()), 'VIV_IMAGE_EMPTY', 1));

  it('that is truncated', () => refused(boot(linuxImage(4096).slice(0, 63)), 'VIV_IMAGE_TRUNCATED', 1));

  it('for another architecture', () => refused(boot(x86Elf()), 'VIV_IMAGE_FOREIGN', 1));

  it('that is not one', () => refused(boot(new Uint8Array(4096).fill(0x13)), 'VIV_IMAGE_NOT_KERNEL', 1));

  it('that needs more memory than there is', () =>
    refused(boot(linuxImage(4096, 100 << 20), '--memory', '64M'), 'VIV_IMAGE_MEMORY_TOO_SMALL', 1));

  it('with an initrd that does not fit', () => {
    const initrd = scratch.put('initrd', new Uint8Array(20 << 20));
    return refused(boot(linuxImage(4096), '--initrd', initrd, '--memory', '16M'), 'VIV_IMAGE_MEMORY_TOO_SMALL', 1);
  });

  it('with a command line that is too long', () =>
    refused(boot(linuxImage(4096), '--append', 'x'.repeat(5000)), 'VIV_SBI_COMMAND_LINE', 1));
});

describe('the board', () => {
  const bios = () => scratch.put('hello.bin', programs.hello());

  it('with too little memory', () => refused(['run', '--bios', bios(), '--memory', '1M'], 'VIV_BOARD_MEMORY', 2));

  it('with too much memory', () => refused(['run', '--bios', bios(), '--memory', '9G'], 'VIV_BOARD_MEMORY', 2));
});

describe('a plugin', () => {
  const bios = () => scratch.put('hello.bin', programs.hello());

  it('that is nowhere', async () => {
    await refused(['run', '--bios', bios(), '--plugin', './nowhere'], 'VIV_PLUGIN_UNRESOLVED', 1);
    await refused(['run', '--bios', bios(), '--plugin', 'no-such-package'], 'VIV_PLUGIN_UNRESOLVED', 1);
  });

  it('that is no module', async () => {
    const file = scratch.put('broken.mjs', 'this is not JavaScript');
    await refused(['run', '--bios', bios(), '--plugin', file], 'VIV_PLUGIN_LOAD', 1);
  });

  it('that exports none', async () => {
    const file = scratch.put('empty.mjs', 'export const x = 1;');
    await refused(['run', '--bios', bios(), '--plugin', file], 'VIV_PLUGIN_LOAD', 1);
  });

  it('with options that it does not take', async () => {
    const file = scratch.put(
      'plain.mjs',
      `export default { name: 'plain', version: '1.0.0', api: 1, setup: () => ({}) };`,
    );
    await refused(['run', '--bios', bios(), '--plugin', `${file},size=1`], 'VIV_OPTIONS_INVALID', 1);
  });
});
