import { describe, it } from 'vitest';
import { access, DATA, note, SUPERVISOR, USER } from './directed-program.ts';
import { entry, G, PageTables, RWAD, U } from './page-table.ts';
import { expectWithWitness, trap, value } from './witness.ts';

const VA = 0x4000_0000n;
const SHARED = 0x5000_0000n;
const LOAD_PAGE = 13;
/** Contents of the pages of address spaces 1, 2, 3…, and of the page they share. */
const marks = [0x11n, 0x22n, 0x33n, 0x44n];
const pageOf = (space: number): bigint => DATA + BigInt(space) * 0x1000n;
const contents = new Map(marks.map((mark, index) => [pageOf(index), [mark]]));

/** Tables of their own for each space: VA is another page in each, SHARED one global page in all. */
const spaces = (count: number) => {
  const memory = new Map<bigint, readonly bigint[]>(contents);
  const roots: bigint[] = [];
  const places: bigint[] = [];
  let from: bigint | undefined;
  for (let space = 0; space < count; space++) {
    const tables = new PageTables(3, from);
    places.push(tables.set(VA, entry(pageOf(space), RWAD)));
    tables.set(SHARED, entry(pageOf(3), RWAD | G));
    tables.set(VA + 0x1000n, entry(pageOf(space), RWAD | U));
    for (const [address, words] of tables.memory) memory.set(address, words);
    roots.push(tables.satp);
    from = tables.end;
  }
  return { memory, roots, places };
};

const OPEN = `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0`;
const enter = (satp: bigint, asid: number): string => `
  li t0, ${BigInt.asIntN(64, satp | (BigInt(asid) << 44n))}
  csrw satp, t0`;
const load = (address: bigint): string => access(SUPERVISOR, 'ld', address);

describe('address spaces', () => {
  it('keep their translations apart without any fence', () => {
    const { memory, roots } = spaces(3);
    const order = [0, 1, 0, 2, 1, 2, 0];
    return expectWithWitness(
      {
        memory,
        source: OPEN + order.map((space) => enter(roots[space], space + 1) + load(VA) + load(SHARED)).join(''),
      },
      order.flatMap((space) => [value(marks[space]), value(marks[3])]),
    );
  });

  it('may take the same identifier after sfence.vma of it', () => {
    const { memory, roots } = spaces(2);
    return expectWithWitness(
      {
        memory,
        source: `${OPEN}${enter(roots[0], 7)}${load(VA)}${enter(roots[1], 7)}
  li t1, 7
  sfence.vma zero, t1
${load(VA)}`,
      },
      [value(marks[0]), value(marks[1])],
    );
  });

  it('forget one page of one space, also while another is in use', () => {
    const { memory, roots, places } = spaces(2);
    return expectWithWitness(
      {
        memory,
        source: `${OPEN}${enter(roots[0], 1)}${load(VA)}${enter(roots[1], 2)}${load(VA)}
  li a2, ${places[0]}
  li a3, ${entry(pageOf(2), RWAD)}
  sd a3, 0(a2)
  li a2, ${VA}
  li a3, 1
  sfence.vma a2, a3
${load(VA)}${enter(roots[0], 1)}${load(VA)}`,
      },
      [value(marks[0]), value(marks[1]), value(marks[1]), value(marks[2])],
    );
  });

  it('forget a global page only when every space is meant', () => {
    const { memory, roots } = spaces(2);
    const tables = new PageTables(3);
    tables.set(VA, 0n);
    const place = tables.set(SHARED, 0n);
    return expectWithWitness(
      {
        memory,
        source: `${OPEN}${enter(roots[0], 1)}${load(SHARED)}
  li a2, ${place}
  li a3, ${entry(pageOf(2), RWAD | G)}
  sd a3, 0(a2)
  li a2, ${SHARED}
  sfence.vma a2, zero
${load(SHARED)}`,
      },
      [value(marks[3]), value(marks[2])],
    );
  });

  it('obey sinval.vma between the fences of Svinval', () => {
    const { memory, roots, places } = spaces(1);
    return expectWithWitness(
      {
        memory,
        source: `${OPEN}${enter(roots[0], 1)}${load(VA)}
  li a2, ${places[0]}
  li a3, ${entry(pageOf(1), RWAD)}
  sd a3, 0(a2)
  sfence.w.inval
  li a2, ${VA}
  sinval.vma a2, zero
  sfence.inval.ir
${load(VA)}`,
      },
      [value(marks[0]), value(marks[1])],
    );
  });

  it('do not leak between privileges, whichever touched the page first', () => {
    const { memory, roots } = spaces(1);
    const sum = 1 << 18;
    const probe = (privilege: typeof USER | typeof SUPERVISOR) =>
      access(privilege, 'ld', VA) + access(privilege, 'ld', VA + 0x1000n);
    return expectWithWitness(
      {
        memory,
        source: `${OPEN}${enter(roots[0], 1)}${probe(USER)}${probe(SUPERVISOR)}
  li t0, ${sum}
  csrs mstatus, t0
${probe(SUPERVISOR)}${probe(USER)}
  li t0, ${sum}
  csrc mstatus, t0
${probe(SUPERVISOR)}
  csrw satp, zero
  li a0, ${DATA}
  ld a1, 0(a0)
${note('a1')}`,
      },
      [
        trap(LOAD_PAGE, VA, 'M'),
        value(marks[0]),
        value(marks[0]),
        trap(LOAD_PAGE, VA + 0x1000n, 'M'),
        value(marks[0]),
        value(marks[0]),
        trap(LOAD_PAGE, VA, 'M'),
        value(marks[0]),
        value(marks[0]),
        trap(LOAD_PAGE, VA + 0x1000n, 'M'),
        value(marks[0]),
      ],
    );
  });
});
