import { assemble } from '@vivarium/isa-riscv';
import type { LitmusTest } from './tests.ts';

export const RAM_BASE = 0x8000_0000;
/** Rounds between two meetings of the harts; each has words of its own. */
const BATCH = 2048;
/** Bytes of a round: x, y, z in lines of their own, and the results. */
const ROUND_BYTES = 256;
const Y = 64;
const Z = 128;
const RESULTS = 192;
/** Bits of the result of a hart, and of the word x. */
export const HART_BITS = 4;
export const X_BITS = 4;

const WORDS = RAM_BASE + 0x10_0000;
/** Counts of results, u32 each. */
export const COUNTS = RAM_BASE + 0x20_0000;
const METER = RAM_BASE + 0x8_0000;
/** Where each hart says how many rounds it has left, in lines of their own behind the meter. */
const PROGRESS = METER + 64;
const LINE = 64;
/** Looks at the next hart's progress while that is behind: enough to run side by side, and no wait for one that rests. */
const LOOKS = 64;
const POWER = 0x10_0000;
const POWER_OFF = 0x5555;
/** `li s3, 0` and `jr t2`: a routine at z, which tests of code change. */
const ROUTINE = [0x0000_0993, 0x0003_8067] as const;

/** Makes labels unique: `name%` in a hart's program. */
const named = (program: string, hart: number): string => program.replaceAll('%', `_${hart}`);

const bodyOf = (program: string, hart: number, all: number): string => `
hart${hart}:
  li s1, ${WORDS}
  li s4, ${BATCH}
round${hart}:
  li t0, ${PROGRESS + hart * LINE}
  sw s4, 0(t0)
  li t0, ${PROGRESS + ((hart + 1) % all) * LINE}
  li t1, ${LOOKS}
near${hart}:
  lw t2, 0(t0)
  ble t2, s4, side${hart}
  addi t1, t1, -1
  bnez t1, near${hart}
side${hart}:
  mv a0, s1
  addi a1, s1, ${Y}
  addi a2, s1, ${Z}
  li s2, 0
  li s3, 0
  ${named(program, hart)}
  andi s2, s2, 3
  andi s3, s3, 3
  slli s3, s3, 2
  or s2, s2, s3
  sw s2, ${RESULTS + hart * 4}(s1)
  addi s1, s1, ${ROUND_BYTES}
  addi s4, s4, -1
  bnez s4, round${hart}
  j collect
`;

/**
 * The machine code of a test: batch by batch, all harts run their programs on fresh words, then hart 0 counts what came
 * out and clears the words. After the last batch it powers the machine off.
 */
export const litmusProgram = ({ harts }: LitmusTest, rounds: number): Uint8Array => {
  const all = harts.length;
  const source = `
  li s8, ${METER}
  li s9, 0
  li s11, ${all}
  mv s7, a0
  li s6, ${Math.ceil(rounds / BATCH)}
  j clear
batch:
  call meet
${harts.map((_, hart) => `  li t0, ${hart}\n  beq s7, t0, go${hart}`).join('\n')}
park:
  j park
${harts.map((_, hart) => `go${hart}:\n  j hart${hart}`).join('\n')}
collect:
  call meet
  bnez s7, again
  li s1, ${WORDS}
  li s4, ${BATCH}
count:
  lw t0, 0(s1)
  andi t0, t0, ${(1 << X_BITS) - 1}
${harts.map((_, hart) => `  lw t1, ${RESULTS + hart * 4}(s1)\n  slli t1, t1, ${X_BITS + hart * HART_BITS}\n  or t0, t0, t1`).join('\n')}
  slli t0, t0, 2
  li t1, ${COUNTS}
  add t0, t0, t1
  lw t1, 0(t0)
  addi t1, t1, 1
  sw t1, 0(t0)
  addi s1, s1, ${ROUND_BYTES}
  addi s4, s4, -1
  bnez s4, count
again:
  addi s6, s6, -1
  bnez s6, clear
  bnez s7, park
  li t0, ${POWER}
  li t1, ${POWER_OFF}
  sw t1, 0(t0)
  j park
clear:
  bnez s7, batch
  li s1, ${WORDS}
  li s4, ${BATCH}
wipe:
  sd x0, 0(s1)
  sd x0, ${Y}(s1)
  li t0, ${ROUTINE[0]}
  sw t0, ${Z}(s1)
  li t0, ${ROUTINE[1]}
  sw t0, ${Z + 4}(s1)
  addi s1, s1, ${ROUND_BYTES}
  addi s4, s4, -1
  bnez s4, wipe
  j batch
meet:
  fence rw, rw
  li t0, 1
  amoadd.w.aqrl x0, t0, (s8)
  add s9, s9, s11
waits:
  lw t0, 0(s8)
  blt t0, s9, waits
  fence rw, rw
  ret
${harts.map((program, hart) => bodyOf(program, hart, all)).join('\n')}`;
  return assemble(source, { base: BigInt(RAM_BASE) }).bytes;
};
