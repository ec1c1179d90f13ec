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

/** The error code and exit code of a command line that must fail, without a word on stdout and with a hint. */
const refusal = async (args: string[]): Promise<{ error: string; exit: number | null; stderr: string }> => {
  const { stdout, stderr, code } = await viv(...args);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^ {2}hint: /m);
  return { error: codeIn(stderr), exit: code, stderr };
};

describe('the command line', () => {
  it('with an unknown option', async () => {
    const { error, exit, stderr } = await refusal(['run', 'debian', '--frobnicate']);
    expect({ error, exit }).toEqual({ error: 'VIV_USAGE', exit: 2 });
    expect(stderr).toContain('--frobnicate');
  });

  it('is refused in JSON, too', async () => {
    const { stdout, code } = await viv('run', '--json', '--cpus', 'x', '--kernel', 'y');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'VIV_USAGE' } });
  });
});

describe('a file', () => {
  it('that is missing', async () => {
    expect(await refusal(['run', '--kernel', `${scratch.path}/none`])).toMatchObject({
      error: 'VIV_FILE_UNREADABLE',
      exit: 1,
    });
    expect(await refusal(['run', '--bios', `${scratch.path}/none`])).toMatchObject({
      error: 'VIV_FILE_UNREADABLE',
      exit: 1,
    });
  });

  it('that is a folder', async () => {
    expect(await refusal(['run', '--kernel', scratch.path])).toMatchObject({ error: 'VIV_FILE_UNREADABLE', exit: 1 });
  });

  it('that cannot be written for a trace', async () => {
    const bios = scratch.put('hello.bin', programs.hello());
    expect(await refusal(['run', '--bios', bios, '--trace', `${scratch.path}/none/x`])).toMatchObject({
      error: 'VIV_FILE_UNWRITABLE',
      exit: 1,
    });
  });
});

describe('H9 a kernel', () => {
  const boot = (image: Uint8Array, ...more: string[]) => ['run', '--kernel', scratch.put('kernel', image), ...more];

  it('that is empty', async () =>
    expect(await refusal(boot(new Uint8Array()))).toMatchObject({ error: 'VIV_IMAGE_EMPTY', exit: 1 }));

  it('that is truncated', async () =>
    expect(await refusal(boot(linuxImage(4096).slice(0, 63)))).toMatchObject({
      error: 'VIV_IMAGE_TRUNCATED',
      exit: 1,
    }));

  it('for another architecture', async () =>
    expect(await refusal(boot(x86Elf()))).toMatchObject({ error: 'VIV_IMAGE_FOREIGN', exit: 1 }));

  it('that is not one', async () =>
    expect(await refusal(boot(new Uint8Array(4096).fill(0x13)))).toMatchObject({
      error: 'VIV_IMAGE_NOT_KERNEL',
      exit: 1,
    }));

  it('that needs more memory than there is', async () =>
    expect(await refusal(boot(linuxImage(4096, 100 << 20), '--memory', '64M'))).toMatchObject({
      error: 'VIV_IMAGE_MEMORY_TOO_SMALL',
      exit: 1,
    }));

  it('with an initrd that does not fit', async () => {
    const initrd = scratch.put('initrd', new Uint8Array(20 << 20));
    expect(await refusal(boot(linuxImage(4096), '--initrd', initrd, '--memory', '16M'))).toMatchObject({
      error: 'VIV_IMAGE_MEMORY_TOO_SMALL',
      exit: 1,
    });
  });

  it('with a command line that is too long', async () =>
    expect(await refusal(boot(linuxImage(4096), '--append', 'x'.repeat(5000)))).toMatchObject({
      error: 'VIV_SBI_COMMAND_LINE',
      exit: 1,
    }));
});

describe('the board', () => {
  const bios = () => scratch.put('hello.bin', programs.hello());

  it('with too little memory', async () =>
    expect(await refusal(['run', '--bios', bios(), '--memory', '1M'])).toMatchObject({
      error: 'VIV_BOARD_MEMORY',
      exit: 2,
    }));

  it('with too much memory', async () =>
    expect(await refusal(['run', '--bios', bios(), '--memory', '9G'])).toMatchObject({
      error: 'VIV_BOARD_MEMORY',
      exit: 2,
    }));
});

describe('a plugin', () => {
  const bios = () => scratch.put('hello.bin', programs.hello());

  it('that is nowhere', async () => {
    expect(await refusal(['run', '--bios', bios(), '--plugin', './nowhere'])).toMatchObject({
      error: 'VIV_PLUGIN_UNRESOLVED',
      exit: 1,
    });
    expect(await refusal(['run', '--bios', bios(), '--plugin', 'no-such-package'])).toMatchObject({
      error: 'VIV_PLUGIN_UNRESOLVED',
      exit: 1,
    });
  });

  it('that is no module', async () => {
    const file = scratch.put('broken.mjs', 'this is not JavaScript');
    expect(await refusal(['run', '--bios', bios(), '--plugin', file])).toMatchObject({
      error: 'VIV_PLUGIN_LOAD',
      exit: 1,
    });
  });

  it('that exports none', async () => {
    const file = scratch.put('empty.mjs', 'export const x = 1;');
    expect(await refusal(['run', '--bios', bios(), '--plugin', file])).toMatchObject({
      error: 'VIV_PLUGIN_LOAD',
      exit: 1,
    });
  });

  it('with options that it does not take', async () => {
    const file = scratch.put(
      'plain.mjs',
      `export default { name: 'plain', version: '1.0.0', api: 1, setup: () => ({}) };`,
    );
    expect(await refusal(['run', '--bios', bios(), '--plugin', `${file},size=1`])).toMatchObject({
      error: 'VIV_OPTIONS_INVALID',
      exit: 1,
    });
  });
});
