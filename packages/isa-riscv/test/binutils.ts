import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'riscv64-unknown-elf-';

/** What binutils 2.40 knows of our extensions; it has no Zicond, Zfa, Zcb and Zihintntl. */
export const MARCH = 'rv64gc_zba_zbb_zbc_zbs_zicbom_zicboz_zicbop_zihintpause_zawrs_zfhmin_svinval';
export const UNKNOWN_TO_BINUTILS: readonly string[] = ['Zicond', 'Zfa', 'Zcb'];

const run = (tool: string, args: readonly string[], input = ''): string => {
  const result = spawnSync(PREFIX + tool, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (result.error !== undefined) {
    throw new Error(`${PREFIX}${tool} cannot run: install binutils for RISC-V (binutils-riscv64-unknown-elf)`, {
      cause: result.error,
    });
  }
  if (result.status !== 0) throw new Error(`${PREFIX}${tool} failed: ${result.stderr.slice(0, 4000)}`);
  return result.stdout;
};

const inFolder = <T>(action: (folder: string) => T): T => {
  const folder = mkdtempSync(join(tmpdir(), 'isa-riscv-'));
  try {
    return action(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** The bytes of .text that GNU as makes. */
export const gnuAssemble = (source: string): Uint8Array =>
  inFolder((folder) => {
    const object = join(folder, 'a.o');
    const binary = join(folder, 'a.bin');
    run('as', [`-march=${MARCH}`, '-o', object, '-'], `${source}\n`);
    run('objcopy', ['-O', 'binary', '-j', '.text', object, binary]);
    return new Uint8Array(readFileSync(binary));
  });

/** How objdump prints each of `encodings`, one after the other from address 0, with spaces for tabs, without comments. */
export const gnuDisassemble = (
  encodings: readonly number[],
  bytes: 2 | 4,
  options: readonly string[] = [],
): readonly { readonly address: number; readonly text: string }[] =>
  inFolder((folder) => {
    const object = join(folder, 'a.o');
    const directive = bytes === 2 ? '.half' : '.word';
    run('as', [`-march=${MARCH}`, '-o', object, '-'], encodings.map((word) => `${directive} ${word}\n`).join(''));
    const listing = run('objdump', ['-D', '-z', '-j', '.text', ...options, object]);
    const rows = listing.split('\n').flatMap((line) => {
      const match = /^\s*([0-9a-f]+):\s+[0-9a-f]+\s+(.*)$/.exec(line);
      if (match === null) return [];
      const text = (match[2] ?? '')
        .replace(/\s+#.*$/, '')
        .replace(/ <.*>/, '')
        .replaceAll('\t', ' ')
        .trim();
      return [{ address: Number.parseInt(match[1] ?? '', 16), text }];
    });
    return rows;
  });

/** Instructions whose last operand is a target. */
export const TARGETED = /^(c\.)?(b(eq|ne|lt|ge|ltu|geu|eqz|nez|lez|gez|ltz|gtz)|j|jal) /;

/** Our targets have a 0x that objdump leaves out. */
export const targetLikeObjdump = (text: string): string =>
  TARGETED.test(text) ? text.replace(/0x(?=[0-9a-f]+$)/, '') : text;
