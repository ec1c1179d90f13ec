/**
 * The programs. Registers a0, a1 and a2 hold the addresses of the words x, y and z, which are 0 at first and in cache
 * lines of their own; s2 and s3 are 0 and end up in the result, two bits of each. t0…t6 are free.
 *
 * Names and shapes follow "A Tutorial Introduction to the ARM and POWER Relaxed Memory Models" and the litmus tests of
 * the RISC-V manual's appendix on RVWMO.
 */
export interface LitmusTest {
  readonly name: string;
  /** Assembly of each hart. */
  readonly harts: readonly string[];
  /** Results that RVWMO forbids. */
  readonly forbidden: (result: LitmusResult) => boolean;
  /** Results that it allows, and that no interleaving of the programs explains. */
  readonly relaxed?: (result: LitmusResult) => boolean;
}

/** What came out of one round. */
export interface LitmusResult {
  /** s2 and s3 of each hart. */
  readonly registers: readonly (readonly [number, number])[];
  /** The word x in the end, modulo 16. */
  readonly x: number;
}

const never = (): boolean => false;
const first = ({ registers }: LitmusResult, hart: number): number => registers[hart]?.[0] ?? 0;
const second = ({ registers }: LitmusResult, hart: number): number => registers[hart]?.[1] ?? 0;

const store = (word: string, value = 1): string => `li t0, ${value}\nsw t0, 0(${word})`;
const RW = 'fence rw, rw';
const WW = 'fence w, w';
const RR = 'fence r, r';

/** Message passing: the flag y was seen and the message x was not. */
const messageLost = (result: LitmusResult): boolean => first(result, 1) === 1 && second(result, 1) === 0;
const bothZero = (result: LitmusResult): boolean => first(result, 0) === 0 && first(result, 1) === 0;
const bothOne = (result: LitmusResult): boolean => first(result, 0) === 1 && first(result, 1) === 1;

/** Adds a value that is always 0, but depends on register `from`, to an address. */
const dependent = (from: string, address: string): string => `xor t1, ${from}, ${from}\nadd t1, t1, ${address}`;

const increment = (operation: string): string => `li t0, 1\namoadd.${operation} s2, t0, (a0)\nandi s2, s2, 3`;
const reservedIncrement = (width: 'w' | 'd'): string => `again%: lr.${width}.aq t0, (a0)
  addi t0, t0, 1
  sc.${width}.rl t1, t0, (a0)
  bnez t1, again%`;

export const TESTS: readonly LitmusTest[] = [
  {
    name: 'MP',
    harts: [`${store('a0')}\n${store('a1')}`, 'lw s2, 0(a1)\nlw s3, 0(a0)'],
    forbidden: never,
    relaxed: messageLost,
  },
  {
    name: 'MP+fences',
    harts: [`${store('a0')}\n${WW}\n${store('a1')}`, `lw s2, 0(a1)\n${RR}\nlw s3, 0(a0)`],
    forbidden: messageLost,
  },
  {
    name: 'MP+fence+addr',
    harts: [`${store('a0')}\n${WW}\n${store('a1')}`, `lw s2, 0(a1)\n${dependent('s2', 'a0')}\nlw s3, 0(t1)`],
    forbidden: messageLost,
  },
  {
    name: 'MP+rl+aq',
    harts: [`${store('a0')}\nli t0, 1\namoswap.w.rl x0, t0, (a1)`, 'amoor.w.aq s2, x0, (a1)\nlw s3, 0(a0)'],
    forbidden: messageLost,
  },
  {
    name: 'SB',
    harts: [`${store('a0')}\nlw s2, 0(a1)`, `${store('a1')}\nlw s2, 0(a0)`],
    forbidden: never,
    relaxed: bothZero,
  },
  {
    name: 'SB+fences',
    harts: [`${store('a0')}\n${RW}\nlw s2, 0(a1)`, `${store('a1')}\n${RW}\nlw s2, 0(a0)`],
    forbidden: bothZero,
  },
  {
    name: 'SB+amos',
    harts: [
      'li t0, 1\namoswap.w.aqrl x0, t0, (a0)\nlw s2, 0(a1)',
      'li t0, 1\namoswap.w.aqrl x0, t0, (a1)\nlw s2, 0(a0)',
    ],
    forbidden: bothZero,
  },
  {
    name: 'LB',
    harts: [`lw s2, 0(a0)\n${store('a1')}`, `lw s2, 0(a1)\n${store('a0')}`],
    forbidden: never,
    relaxed: bothOne,
  },
  {
    name: 'LB+fences',
    harts: [`lw s2, 0(a0)\n${RW}\n${store('a1')}`, `lw s2, 0(a1)\n${RW}\n${store('a0')}`],
    forbidden: bothOne,
  },
  {
    name: 'LB+datas',
    harts: [
      'lw s2, 0(a0)\nxor t0, s2, s2\nori t0, t0, 1\nsw t0, 0(a1)',
      'lw s2, 0(a1)\nxor t0, s2, s2\nori t0, t0, 1\nsw t0, 0(a0)',
    ],
    forbidden: bothOne,
  },
  {
    name: 'S+fence+data',
    harts: [`${store('a0', 2)}\n${WW}\n${store('a1')}`, 'lw s2, 0(a1)\nxor t0, s2, s2\nori t0, t0, 1\nsw t0, 0(a0)'],
    forbidden: (result) => first(result, 1) === 1 && result.x === 2,
  },
  {
    name: 'R+fences',
    harts: [`${store('a1')}\n${RW}\n${store('a0')}`, `${store('a0', 2)}\n${RW}\nlw s2, 0(a1)`],
    forbidden: (result) => first(result, 1) === 0 && result.x === 2,
  },
  {
    name: 'CoRR',
    harts: [store('a0'), 'lw s2, 0(a0)\nlw s3, 0(a0)'],
    forbidden: messageLost,
  },
  {
    name: 'CoWR',
    harts: [`${store('a0')}\nlw s2, 0(a0)`, store('a0', 2)],
    forbidden: (result) => first(result, 0) === 0 || (first(result, 0) === 2 && result.x === 1),
  },
  {
    name: 'WRC+addr+fence',
    harts: [store('a0'), `lw s2, 0(a0)\n${RW}\n${store('a1')}`, `lw s2, 0(a1)\n${dependent('s2', 'a0')}\nlw s3, 0(t1)`],
    forbidden: (result) => first(result, 1) === 1 && first(result, 2) === 1 && second(result, 2) === 0,
  },
  {
    name: 'IRIW+fences',
    harts: [store('a0'), store('a1'), `lw s2, 0(a0)\n${RR}\nlw s3, 0(a1)`, `lw s2, 0(a1)\n${RR}\nlw s3, 0(a0)`],
    forbidden: (result) =>
      first(result, 2) === 1 && second(result, 2) === 0 && first(result, 3) === 1 && second(result, 3) === 0,
  },
  {
    name: 'LRSC.w',
    harts: [reservedIncrement('w'), reservedIncrement('w')],
    forbidden: ({ x }) => x !== 2,
  },
  {
    name: 'LRSC.d',
    harts: [reservedIncrement('d'), reservedIncrement('d')],
    forbidden: ({ x }) => x !== 2,
  },
  {
    // Hart 0 read 0 and its conditional store came after hart 1's store: that must have made it fail.
    name: 'LRSC+store',
    harts: ['lr.w s2, (a0)\nli t0, 2\nsc.w s3, t0, (a0)\nsnez s3, s3', store('a0')],
    forbidden: (result) => first(result, 0) === 0 && second(result, 0) === 0 && result.x === 2,
  },
  {
    name: 'AMOADD.w',
    harts: [increment('w'), increment('w')],
    forbidden: (result) => result.x !== 2 || first(result, 0) === first(result, 1),
  },
  {
    name: 'AMOADD.d',
    harts: [increment('d.aqrl'), increment('d.aqrl')],
    forbidden: (result) => result.x !== 2 || first(result, 0) === first(result, 1),
  },
  {
    name: 'AMOMAX+AMOADD',
    harts: ['li t0, 2\namomax.w s2, t0, (a0)', 'li t0, 1\namoadd.w s2, t0, (a0)'],
    // Either max(0, 2) + 1 = 3, or max(0 + 1, 2) = 2.
    forbidden: (result) => !(first(result, 0) === 0 ? result.x === 3 : first(result, 0) === 1 && result.x === 2),
  },
  {
    name: 'AMOMINU.d',
    harts: ['li t0, -1\namominu.d s2, t0, (a0)\namoadd.d x0, t0, (a0)', 'li t0, 1\namoadd.d x0, t0, (a0)'],
    forbidden: (result) => result.x !== 0,
  },
  {
    name: 'AMOSWAP',
    harts: ['li t0, 1\namoswap.w s2, t0, (a0)', 'li t0, 2\namoswap.w s2, t0, (a0)'],
    forbidden: (result) =>
      !(
        (first(result, 0) === 0 && first(result, 1) === 1 && result.x === 2) ||
        (first(result, 1) === 0 && first(result, 0) === 2 && result.x === 1)
      ),
  },
  {
    // A doubleword is written and read in one piece.
    name: 'ATOMIC.d',
    harts: [
      'li t0, -1\nsd t0, 0(a0)',
      'ld t0, 0(a0)\nsnez t1, t0\nsrli t2, t0, 32\nsnez s3, t2\nsext.w t0, t0\nsnez s2, t0',
    ],
    forbidden: (result) => first(result, 1) !== second(result, 1),
  },
  {
    // Code that another hart has written, behind a fence and FENCE.I: z holds `li s3, 0; jr t2`.
    name: 'CODE+fence.i',
    harts: [
      `li t0, 0x00100993\nsw t0, 0(a2)\n${WW}\n${store('a1')}`,
      'lw s2, 0(a1)\nfence.i\nla t2, back%\njr a2\nback%:',
    ],
    forbidden: messageLost,
  },
];
