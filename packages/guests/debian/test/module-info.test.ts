import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readModuleInfo } from '../src/module-info.ts';

/** An object file as gcc makes it, with the given pairs in `.modinfo`. */
const compile = (pairs: readonly string[]): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'viv-module-'));
  try {
    const [source, object] = [join(folder, 'm.c'), join(folder, 'm.o')];
    const text = pairs.map((pair) => `${JSON.stringify(pair)} "\\0"`).join(' ');
    writeFileSync(source, `const char info[] __attribute__((section(".modinfo"), used)) = ${text};\n`);
    execFileSync('riscv64-linux-gnu-gcc', ['-c', '-o', object, source]);
    return readFileSync(object);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

describe('readModuleInfo', () => {
  const object = compile([
    'license=GPL',
    'softdep=pre: crc32c other post: late',
    'alias=fs-ext4',
    'alias=virtio:d00000002v*',
    'depends=jbd2,mbcache',
    'name=ext4',
  ]);

  it('reads what a module needs and answers to from an object file of gcc', () => {
    expect(readModuleInfo(object)).toEqual({
      depends: ['jbd2', 'mbcache'],
      aliases: ['fs-ext4', 'virtio:d00000002v*'],
      softDepends: ['crc32c', 'other'],
    });
  });

  it('reads a module that needs nothing', () => {
    expect(readModuleInfo(compile(['depends=', 'name=m']))).toEqual({ depends: [], aliases: [], softDepends: [] });
  });

  it('says undefined of what is not a module, and never throws', () => {
    expect(readModuleInfo(new Uint8Array(0))).toBeUndefined();
    expect(readModuleInfo(object.subarray(0, object.length / 2))).toBeUndefined();
    fc.assert(
      fc.property(fc.nat(object.length - 1), fc.nat(255), (at, value) => {
        const damaged = Buffer.from(object);
        damaged[at] = value;
        const info = readModuleInfo(damaged);
        return info === undefined || Array.isArray(info.depends);
      }),
      { numRuns: 1000 },
    );
  });
});
