import { describe, it } from 'vitest';
import {
  access,
  DATA,
  type DirectedProgram,
  inMode,
  MACHINE,
  NOWHERE,
  note,
  SUPERVISOR,
  USER,
} from './directed-program.ts';
import { A, D, entry, G, N, PageTables, PBMT_IO, PBMT_NC, PBMT_RESERVED, R, RWAD, U, V, W, X } from './page-table.ts';
import { expectOnCore, expectWithWitness, trap, value } from './witness.ts';

const LOAD_ACCESS = 5;
const STORE_ACCESS = 7;
const FETCH_PAGE = 12;
const LOAD_PAGE = 13;
const STORE_PAGE = 15;
const ECALL_S = 9;

/** mstatus.SUM and MXR. */
const SUM = 1 << 18;
const MXR = 1 << 19;

/** Opens all of memory to S- and U-mode, and turns translation on. */
const enter = (tables: PageTables): string => `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, ${BigInt.asIntN(64, tables.satp)}
  csrw satp, t0
  sfence.vma`;

const withStatus = (bits: number, code: string): string => `
  li t0, ${bits}
  csrs mstatus, t0
${code}
  li t0, ${bits}
  csrc mstatus, t0`;

const VA = 0x4000_0000n;
const MARK = 0x1122_3344_5566_7788n;
const OTHER = 0x0102_0304_0506_0708n;

/** One page with this entry, and a load and a store as if from each privilege below M. */
const onePage = (pte: bigint) => {
  const tables = new PageTables(3);
  tables.set(VA, pte);
  return {
    memory: new Map([...tables.memory, [DATA, [MARK]]]),
    source: `${enter(tables)}
${access(SUPERVISOR, 'ld', VA)}
${access(SUPERVISOR, 'sd', VA, OTHER)}
${access(USER, 'ld', VA)}
${access(USER, 'sd', VA, OTHER)}`,
  };
};

const NO_LOAD = trap(LOAD_PAGE, VA, 'M');
const NO_STORE = trap(STORE_PAGE, VA, 'M');
const NOTHING = [NO_LOAD, NO_STORE, NO_LOAD, NO_STORE];

describe('page table entries', () => {
  it.each([
    ['read and write', RWAD, [value(MARK), value(0), NO_LOAD, NO_STORE]],
    ['global', RWAD | G, [value(MARK), value(0), NO_LOAD, NO_STORE]],
    ['read only', V | R | A | D, [value(MARK), NO_STORE, NO_LOAD, NO_STORE]],
    ['execute only', V | X | A | D, NOTHING],
    ['user page', RWAD | U, [NO_LOAD, NO_STORE, value(MARK), value(0)]],
    ['not valid', RWAD & ~V, NOTHING],
    ['writable but not readable (reserved)', V | W | A | D, NOTHING],
    ['writable and executable but not readable (reserved)', V | W | X | A | D, NOTHING],
    ['pointer at the last level', V, NOTHING],
    ['Svnapot with a reserved size', RWAD | N, NOTHING],
  ])('%s', (_, bits, outcomes) => expectWithWitness(onePage(entry(DATA, bits)), outcomes));

  it.each([
    ['reserved bit 54', 1n << 54n],
    ['reserved bit 60', 1n << 60n],
    ['Svpbmt not enabled', PBMT_NC],
  ])('%s', (_, bit) => expectWithWitness(onePage(entry(DATA, RWAD | bit)), NOTHING, 'strict'));

  it('lets S-mode reach user pages with SUM, and load from executable pages with MXR', () => {
    const tables = new PageTables(3);
    tables.set(VA, entry(DATA, RWAD | U));
    tables.set(VA + 0x1000n, entry(DATA, V | X | A | D));
    const program = {
      memory: new Map([...tables.memory, [DATA, [MARK]]]),
      source: `${enter(tables)}
${withStatus(SUM, access(SUPERVISOR, 'ld', VA) + access(SUPERVISOR, 'sd', VA, OTHER))}
${access(SUPERVISOR, 'ld', VA)}
${withStatus(MXR, access(SUPERVISOR, 'ld', VA + 0x1000n) + access(SUPERVISOR, 'sd', VA + 0x1000n))}
${access(SUPERVISOR, 'ld', VA + 0x1000n)}`,
    };
    return expectWithWitness(program, [
      value(MARK),
      value(0),
      NO_LOAD,
      value(OTHER),
      trap(STORE_PAGE, VA + 0x1000n, 'M'),
      trap(LOAD_PAGE, VA + 0x1000n, 'M'),
    ]);
  });

  it('faults on A and D without Svadu, and only then', () => {
    const noA = entry(DATA, V | R | W | D);
    const noD = entry(DATA, V | R | W | A);
    const probes = (pte: bigint, adue: boolean) => {
      const tables = new PageTables(3);
      const place = tables.set(VA, pte);
      return {
        memory: new Map([...tables.memory, [DATA, [MARK]]]),
        source: `
  li t0, ${adue ? 1n << 61n : 0n}
  csrw menvcfg, t0
${enter(tables)}
${access(SUPERVISOR, 'ld', VA)}
  li a2, ${place}
  ld a3, 0(a2)
${note('a3')}
${access(SUPERVISOR, 'sd', VA, OTHER)}
  ld a3, 0(a2)
${note('a3')}`,
      };
    };
    return Promise.all([
      expectOnCore(probes(noA, false), [NO_LOAD, value(noA), NO_STORE, value(noA)]),
      expectOnCore(probes(noD, false), [value(MARK), value(noD), NO_STORE, value(noD)]),
      expectOnCore(probes(noA & ~D, true), [value(MARK), value((noA | A) & ~D), value(0), value(noA | A | D)]),
      expectOnCore(probes(noD, true), [value(MARK), value(noD), value(0), value(noD | D)]),
    ]);
  });

  it('takes the memory types of Svpbmt when they are enabled', async () => {
    const enabled = (pte: bigint) => {
      const program = onePage(pte);
      return { ...program, source: `\n  li t0, ${1n << 62n}\n  csrw menvcfg, t0${program.source}` };
    };
    const works = [value(MARK), value(0), NO_LOAD, NO_STORE];
    await expectWithWitness(enabled(entry(DATA, RWAD | PBMT_NC)), works);
    await expectWithWitness(enabled(entry(DATA, RWAD | PBMT_IO)), works);
    await expectOnCore(enabled(entry(DATA, RWAD | PBMT_RESERVED)), NOTHING);
  });
});

describe.each([3, 4, 5] as const)('%i levels', (levels) => {
  const expectOutcomes = (
    prepare: (tables: PageTables) => void,
    probes: string,
    outcomes: readonly string[],
    check: (program: DirectedProgram, outcomes: readonly string[]) => Promise<void> = expectWithWitness,
  ): Promise<void> => {
    const tables = new PageTables(levels);
    prepare(tables);
    const data = new Map([
      [DATA, [MARK]],
      [DATA + 0x5000n, [OTHER]],
    ]);
    return check({ memory: new Map([...tables.memory, ...data]), source: enter(tables) + probes }, outcomes);
  };
  const load = (address: bigint): string => access(SUPERVISOR, 'ld', address);
  const highest = 1n << BigInt(11 + 9 * levels);

  it('maps both halves of the address space and refuses addresses that are not sign-extended', () =>
    expectOutcomes(
      (tables) => {
        tables.set(VA, entry(DATA, RWAD));
        tables.set(highest - 0x1000n, entry(DATA, RWAD));
        tables.set(2n ** 64n - highest, entry(DATA, RWAD));
        tables.set(2n ** 64n - 0x1000n, entry(DATA, RWAD));
      },
      [VA, highest - 0x1000n, 2n ** 64n - highest, 2n ** 64n - 0x1000n, highest, VA | (1n << 63n), highest * 2n + VA]
        .map(load)
        .join(''),
      [
        ...Array.from({ length: 4 }, () => value(MARK)),
        trap(LOAD_PAGE, highest, 'M'),
        trap(LOAD_PAGE, VA | (1n << 63n), 'M'),
        trap(LOAD_PAGE, highest * 2n + VA, 'M'),
      ],
    ));

  it.each(Array.from({ length: levels - 1 }, (_, index) => index + 1))(
    'maps superpages of level %i when they are aligned',
    (level) => {
      const size = 1n << BigInt(12 + 9 * level);
      const aligned = (DATA / size) * size;
      // The upper half of the address space: entries of the root that nothing else uses.
      const at = 2n ** 64n - highest;
      return expectOutcomes(
        (tables) => {
          tables.set(at, entry(aligned, RWAD), level);
          tables.set(at + size, entry(aligned + 0x1000n, RWAD), level);
          tables.set(at + 2n * size, entry(aligned, RWAD | N), level);
        },
        [at + (DATA - aligned) + 0x5000n, at + size, at + 2n * size].map(load).join(''),
        [value(OTHER), trap(LOAD_PAGE, at + size, 'M'), trap(LOAD_PAGE, at + 2n * size, 'M')],
      );
    },
  );

  it('refuses pointers with A, D, U, N, a memory type or a reserved bit', () => {
    const bad = [A, D, U, N, PBMT_NC, 1n << 54n];
    const places = bad.map((_, index) => BigInt(index + 4) << 30n);
    return expectOutcomes(
      (tables) => {
        places.forEach((place, index) => {
          tables.set(place, entry(DATA, RWAD));
          const pointer = tables.set(place + 0x20_0000n, 0n, 1);
          const table = tables.memory.get(pointer & ~0xfffn) as bigint[];
          table[0] = table[0] | bad[index];
        });
      },
      places.map(load).join(''),
      places.map((place) => trap(LOAD_PAGE, place, 'M')),
      (program, outcomes) => expectWithWitness(program, outcomes, 'strict'),
    );
  });

  it('translates 64 KiB pages of Svnapot', () =>
    expectOutcomes(
      (tables) => {
        for (let i = 0n; i < 16n; i++) tables.set(VA + i * 0x1000n, entry(DATA | 0x8000n, RWAD | N));
      },
      load(VA) + load(VA + 0x5000n),
      [value(MARK), value(OTHER)],
    ));

  const atBoth = (address: bigint): string => access(SUPERVISOR, 'ld', address) + access(SUPERVISOR, 'sd', address);
  const accessFaults = [trap(LOAD_ACCESS, VA, 'M'), trap(STORE_ACCESS, VA, 'M')];

  it('answers a page outside of RAM with an access fault', () =>
    expectOutcomes((tables) => tables.set(VA, entry(NOWHERE, RWAD)), atBoth(VA), accessFaults));

  // "If accessing pte violates a PMA or PMP check, raise an access-fault exception"; QEMU raises a page fault.
  it('answers a table outside of RAM with an access fault', () =>
    expectOutcomes((tables) => tables.set(VA, entry(NOWHERE, V), 1), atBoth(VA), accessFaults, expectOnCore));

  it('executes from executable pages of its own privilege only', () => {
    const RET = 0x8067n;
    const jump = (address: bigint): string => inMode(SUPERVISOR, `\n  li a0, ${address}\n  jalr a0`);
    return expectOutcomes(
      (tables) => {
        tables.set(0x8000_0000n, entry(0x8000_0000n, RWAD | X), 2);
        tables.set(VA, entry(DATA + 0x2000n, V | X | A | D));
        tables.set(VA + 0x1000n, entry(DATA + 0x2000n, RWAD));
        tables.set(VA + 0x2000n, entry(DATA + 0x2000n, V | X | A | D | U));
        (tables.memory as Map<bigint, bigint[]>).set(DATA + 0x2000n, [RET]);
      },
      jump(VA) + jump(VA + 0x1000n) + withStatus(SUM, jump(VA + 0x2000n)) + jump(highest),
      [
        trap(ECALL_S, 0, 'S'),
        trap(FETCH_PAGE, VA + 0x1000n, 'S'),
        trap(FETCH_PAGE, VA + 0x2000n, 'S'),
        trap(FETCH_PAGE, highest, 'S'),
      ],
    );
  });

  it('forgets a translation at sfence.vma, by address and as a whole', () =>
    expectOutcomes(
      (tables) => {
        tables.set(VA, entry(DATA, RWAD));
        tables.set(VA + 0x1000n, entry(DATA, RWAD));
      },
      `${load(VA)}${load(VA + 0x1000n)}
  li a2, ${VA}
  li a3, ${new PageTables(levels).set(VA, 0n)}
  li a4, ${entry(DATA + 0x5000n, RWAD)}
  sd a4, 0(a3)
  sfence.vma a2, zero
${load(VA)}
  sd a4, 8(a3)
  sfence.vma
${load(VA + 0x1000n)}`,
      [value(MARK), value(MARK), value(OTHER), value(OTHER)],
    ));

  it('does not translate in M-mode', () =>
    expectOutcomes((tables) => tables.set(VA, entry(DATA, RWAD)), access(MACHINE, 'ld', DATA), [value(MARK)]));
});
