import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the board starts firmware. */
const BASE = '0x80000000';

/**
 * Calls `work` 100,000 times, so that it is translated, then waits until `go` is set, and powers off with the failure
 * code that is in `code`.
 */
const SOURCE = `
.globl _start, work, wait, done, counter, go, code, text
_start:
  la sp, stack
  li t0, 0x2000
  csrs mstatus, t0
  li t0, 3
  fcvt.d.l fa0, t0
  li s0, 0
1: mv a0, s0
  call work
  mv s0, a0
  li t0, 100000
  blt s0, t0, 1b
wait:
  lw t0, go
  beqz t0, wait
done:
  lw t0, code
  slli t0, t0, 16
  li t1, 0x3333
  or t1, t1, t0
  li t0, 0x100000
  sw t1, 0(t0)
2: j 2b

.type work, @function
work:
  addi sp, sp, -16
  sd ra, 8(sp)
  la t0, counter
  lw t1, 0(t0)
  addi t1, t1, 3
  sw t1, 0(t0)
  addi a0, a0, 1
  ld ra, 8(sp)
  addi sp, sp, 16
  ret
.size work, .-work

.data
.balign 8
counter: .word 0
go: .word 0
code: .word 1
text: .asciz "the vivarium is warm"
.balign 16
.zero 1024
stack:
`;

/** The program as an ELF file with symbols, for as long as it is used. */
export interface BareProgram extends Disposable {
  readonly path: string;
}

/** Builds the program with the riscv64 tools of Debian. */
export const bareProgram = (): BareProgram => {
  const folder = mkdtempSync(join(tmpdir(), 'gdb-session-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, 'bare.elf');
  writeFileSync(join(folder, 'bare.S'), SOURCE);
  const args = [
    '-nostdlib',
    '-static',
    '-march=rv64gc',
    '-mabi=lp64d',
    '-Wl,--build-id=none,--nmagic',
    `-Wl,-Ttext=${BASE}`,
  ];
  const result = spawnSync('riscv64-linux-gnu-gcc', [...args, '-o', path, join(folder, 'bare.S')]);
  if (result.status !== 0) {
    remove();
    throw new Error('riscv64-linux-gnu-gcc is needed (Debian: gcc-riscv64-linux-gnu)', {
      cause: result.error ?? result.stderr.toString(),
    });
  }
  return { path, [Symbol.dispose]: remove };
};
