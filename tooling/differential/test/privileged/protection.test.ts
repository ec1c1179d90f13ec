import { describe, it } from 'vitest';
import { access, attempt, DATA, inMode, MACHINE, note, SUPERVISOR, USER } from './directed-program.ts';
import { expectOnCore, expectWithWitness, trap, value } from './witness.ts';

const FETCH_ACCESS = 1;
const LOAD_ACCESS = 5;
const STORE_ACCESS = 7;
const ECALL_S = 9;

/** Bits of a pmpcfg byte (Privileged Architecture, section 3.7.1). */
const R = 1;
const W = 2;
const X = 4;
const TOR = 1 << 3;
const NA4 = 2 << 3;
const NAPOT = 3 << 3;
const L = 1 << 7;

/** Address register of a naturally aligned range. */
const napot = (base: bigint, bytes: bigint): bigint => (base >> 2n) | ((bytes >> 3n) - 1n);
const EVERYTHING = 2n ** 54n - 1n;

interface Entry {
  readonly address: bigint;
  readonly configuration: number;
}

/** Entries 0, 1, 2…; the configuration is written last and at once. */
const protect = (entries: readonly Entry[]): string => {
  const packed = entries.reduce(
    (sum, { configuration }, index) => sum | (BigInt(configuration) << BigInt(8 * index)),
    0n,
  );
  const addresses = entries.map(({ address }, index) => `\n  li t0, ${address}\n  csrw pmpaddr${index}, t0`);
  return `${addresses.join('')}\n  li t0, ${BigInt.asIntN(64, packed)}\n  csrw pmpcfg0, t0\n  sfence.vma`;
};

const MARK = 0x1122_3344_5566_7788n;
const memory = new Map([[DATA, [MARK, MARK, MARK, MARK]]]);
const load = (address: bigint, width = 'ld') => access(SUPERVISOR, width, address);
const store = (address: bigint, width = 'sd') => access(SUPERVISOR, width, address, MARK);
const noLoad = (address: bigint) => trap(LOAD_ACCESS, address, 'M');
const noStore = (address: bigint) => trap(STORE_ACCESS, address, 'M');
const rest: Entry = { address: EVERYTHING, configuration: NAPOT | R | W | X };

describe('physical memory protection', () => {
  it('refuses S- and U-mode everything that no entry allows, and M-mode nothing', () =>
    expectWithWitness({ memory, source: load(DATA) + access(USER, 'sd', DATA) + access(MACHINE, 'ld', DATA) }, [
      noLoad(DATA),
      noStore(DATA),
      value(MARK),
    ]));

  it('matches naturally aligned ranges, the lowest entry first', () =>
    expectWithWitness(
      {
        memory,
        source:
          protect([{ address: napot(DATA, 0x1000n), configuration: NAPOT | R }, rest]) +
          load(DATA) +
          store(DATA) +
          store(DATA + 0xff8n) +
          store(DATA + 0x1000n) +
          store(DATA - 8n),
      },
      [value(MARK), noStore(DATA), noStore(DATA + 0xff8n), value(0), value(0)],
    ));

  it('matches ranges below a top and four-byte ranges', () =>
    expectWithWitness(
      {
        memory,
        source:
          protect([
            { address: DATA >> 2n, configuration: 0 },
            { address: (DATA + 0x100n) >> 2n, configuration: TOR | R },
            { address: (DATA + 0x200n) >> 2n, configuration: NA4 | W | R },
            { address: (DATA + 0x204n) >> 2n, configuration: NA4 },
            rest,
          ]) +
          load(DATA) +
          store(DATA + 0xf8n) +
          store(DATA + 0x100n) +
          store(DATA + 0x200n, 'sw') +
          load(DATA + 0x204n, 'lw') +
          store(DATA + 0x208n, 'sw'),
      },
      [value(MARK), noStore(DATA + 0xf8n), value(0), value(0), noLoad(DATA + 0x204n), value(0)],
    ));

  it('refuses an access that only partly matches', () =>
    expectWithWitness(
      {
        memory,
        source:
          protect([{ address: (DATA + 8n) >> 2n, configuration: NA4 | R | W }, rest]) +
          load(DATA + 8n, 'lw') +
          load(DATA + 8n, 'ld') +
          store(DATA + 8n, 'sd') +
          load(DATA + 12n, 'lw'),
      },
      [value(0x5566_7788n), noLoad(DATA + 8n), noStore(DATA + 8n), value(0x1122_3344n)],
    ));

  it('executes only what it may', () => {
    const RET = 0x8067n;
    const call = (address: bigint) => inMode(SUPERVISOR, `\n  li a0, ${address}\n  jalr a0`);
    return expectWithWitness(
      {
        memory: new Map([[DATA, [RET, RET]]]),
        source:
          protect([{ address: napot(DATA, 8n), configuration: NAPOT | R | W }, rest]) + call(DATA + 8n) + call(DATA),
      },
      [trap(ECALL_S, 0, 'S'), trap(FETCH_ACCESS, DATA, 'S')],
    );
  });

  it('holds M-mode to locked entries, which stay as they are', () =>
    expectWithWitness(
      {
        memory,
        source: `${protect([
          { address: (DATA + 0x100n) >> 2n, configuration: 0 },
          { address: (DATA + 0x200n) >> 2n, configuration: TOR | L | R },
          rest,
        ])}
${access(MACHINE, 'ld', DATA)}
${attempt(`  li a0, ${DATA + 0x100n}\n  sd zero, 0(a0)`)}
  csrw pmpcfg0, zero
  csrr a0, pmpcfg0
${note('a0')}
  csrw pmpaddr0, zero
  csrr a0, pmpaddr0
${note('a0')}
  csrw pmpaddr1, zero
  csrr a0, pmpaddr1
${note('a0')}`,
      },
      [
        value(MARK),
        noStore(DATA + 0x100n),
        value((TOR | L | R) << 8),
        value((DATA + 0x100n) >> 2n),
        value((DATA + 0x200n) >> 2n),
      ],
    ));

  it('has no odd configuration registers and ends at 16 entries, each in its place', () =>
    expectWithWitness(
      {
        source: `${attempt('  csrr a0, pmpcfg1')}
${attempt('  csrr a0, pmpcfg3')}
  li a0, 1083960135312736256
  csrw pmpcfg2, a0
  csrr a1, pmpcfg2
${note('a1')}
  csrr a1, pmpcfg0
${note('a1')}
  li a0, ${EVERYTHING}
  csrw pmpaddr15, a0
  csrr a1, pmpaddr15
${note('a1')}`,
      },
      [
        trap(2, 0x3a10_2573, 'M'),
        trap(2, 0x3a30_2573, 'M'),
        value(0x0f0b_0000_0000_0000n),
        value(0),
        value(EVERYTHING),
      ],
    ));

  // Bits 63 to 54 of an address register are zero; QEMU 7.2 keeps them.
  it('keeps 54 bits of an address', () =>
    expectOnCore({ source: `\n  li a0, -1\n  csrw pmpaddr15, a0\n  csrr a1, pmpaddr15${note('a1')}` }, [
      value(EVERYTHING),
    ]));
});
