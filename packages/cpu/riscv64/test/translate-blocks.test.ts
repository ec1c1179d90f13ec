import { assemble, createDecoder } from '@vivarium/isa-riscv';
import { describe, expect, it } from 'vitest';
import { type Block, type CodeRegion, discoverRegion } from '../src/translate/blocks.ts';

const PAGE = 4096;
const decoder = createDecoder();

interface Discovered {
  readonly region: CodeRegion;
  /** Offset of a label. */
  readonly at: (label: string) => number;
  readonly block: (label: string) => Block | undefined;
  readonly names: (label: string) => readonly string[] | undefined;
  /** Labels of the entries, in the order of the region. */
  readonly entries: readonly string[];
}

/** The region of a page's code; `cold` names the labels whose code was never executed. */
const discover = (source: string, entries: readonly string[] = ['start'], cold: readonly string[] = []): Discovered => {
  const { bytes, symbols } = assemble(`.option norvc\n${source}`);
  const view = new DataView(new ArrayBuffer(PAGE));
  bytes.subarray(0, PAGE).forEach((byte, offset) => {
    view.setUint8(offset, byte);
  });
  const at = (label: string): number => Number(symbols.get(label));
  const region = discoverRegion(
    { half: (offset) => view.getUint16(offset, true), warm: (offset) => !cold.map(at).includes(offset) },
    decoder,
    entries.map(at),
  );
  const block = (label: string): Block | undefined => region.blocks.find(({ offset }) => offset === at(label));
  return {
    region,
    at,
    block,
    names: (label) => block(label)?.instructions.map(({ row }) => row.name),
    entries: region.entries.map(
      (offset) => [...symbols].find(([, value]) => Number(value) === offset)?.[0] ?? `${offset}`,
    ),
  };
};

describe('a region', () => {
  it('is cut where branches go, and behind them', () => {
    const { region, at, block, names, entries } = discover(`
start: addi a0, a0, 1
  beq a0, a1, there
behind: addi a0, a0, 2
there: addi a0, a0, 3
  jr t0`);
    expect(region.blocks.map(({ offset }) => offset)).toEqual([at('start'), at('behind'), at('there')]);
    expect(names('start')).toEqual(['addi', 'beq']);
    expect(block('start')?.end).toEqual({ kind: 'branch', taken: at('there'), next: at('behind') });
    expect(block('behind')?.end).toEqual({ kind: 'goto', target: at('there') });
    expect(names('there')).toEqual(['addi', 'jalr']);
    expect(block('there')?.end).toEqual({ kind: 'indirect' });
    expect(entries).toEqual(['start']);
  });

  it('is entered where it was hot, at heads of loops and at return points', () => {
    const { at, block, entries, names } = discover(
      `
start: nop
head: addi a0, a0, 1
  jal routine
returned: bnez a0, head
  jalr a1
again: jr t0
routine: addi a1, a1, 1
middle: addi a1, a1, 1
  ret`,
      ['start', 'middle'],
    );
    expect(entries).toEqual(['start', 'head', 'returned', 'again', 'middle']);
    expect(block('head')?.end).toEqual({ kind: 'goto', target: at('routine') });
    expect(names('head')).toEqual(['addi', 'jal']);
    expect(block('routine')?.end).toEqual({ kind: 'goto', target: at('middle') });
  });

  it('loops to itself in one block', () => {
    const { region, at, block } = discover('start: addi a0, a0, -1\n bnez a0, start\nout: ret');
    expect(block('start')?.end).toEqual({ kind: 'branch', taken: at('start'), next: at('out') });
    expect(region.entries).toEqual([at('start')]);
  });

  it('leaves out what was never executed', () => {
    const source = `
start: beqz a0, rare
  addi a0, a0, 1
  jal rare
returned: ret
rare: addi a1, a1, 1
  ret`;
    const { region, at, block } = discover(source, ['start'], ['rare', 'returned']);
    expect(region.blocks.map(({ offset }) => offset)).toEqual([at('start'), at('start') + 4]);
    // Control still goes there; it leaves the region.
    expect(block('start')?.end).toMatchObject({ kind: 'branch', taken: at('rare') });
    expect(region.entries).toEqual([at('start')]);
    expect(discover(source).region.blocks).toHaveLength(4);
  });

  it('follows straight code to the end of the page and not over it', () => {
    const { region, at, block } = discover(`.zero 4088\nstart: addi a0, a0, 1\nlast: addi a0, a0, 2\nbeyond: ret`);
    expect(region.blocks).toHaveLength(1);
    expect(block('start')?.end).toEqual({ kind: 'goto', target: at('beyond') });
    expect(at('beyond')).toBe(PAGE);
  });

  it('knows jumps out of the page by their offsets, before and behind it', () => {
    const far = discover('nop\nstart: beq a0, a1, out\nnext: j out\n.zero 4084\nout: ret');
    expect(far.block('start')?.end).toEqual({ kind: 'branch', taken: far.at('out'), next: far.at('next') });
    expect(far.block('next')?.end).toEqual({ kind: 'goto', target: far.at('out') });
    expect(far.region.blocks).toHaveLength(2);
    const before = discover('start: j start - 64');
    expect(before.block('start')?.end).toEqual({ kind: 'goto', target: -64 });
  });

  it('leaves an instruction on two pages to the interpreter', () => {
    const { region, at, block } = discover('.zero 4086\nstart: addi a0, a0, 1\n addi a0, a0, 2\nhalf: addi a0, a0, 3');
    expect(at('half')).toBe(PAGE - 2);
    expect(block('start')?.end).toEqual({ kind: 'interpret', offset: at('half') });
    expect(region.entries).toEqual([at('start')]);
    // A compressed one has room there.
    const short = discover('.zero 4086\nstart: addi a0, a0, 1\n addi a0, a0, 2\n.option rvc\nhalf: addi a0, a0, 3');
    expect(short.names('start')).toEqual(['addi', 'addi', 'addi']);
    expect(short.block('start')?.end).toEqual({ kind: 'goto', target: PAGE });
  });

  it.each([
    'j .',
    'ebreak',
    'mret',
    'wfi',
    'fence.i',
    'csrr a0, cycle',
    'csrw satp, a0',
    'csrw fcsr, a0',
    '.word 0xffffffff',
  ])('leaves %s to the interpreter and is entered again behind it', (text) => {
    const source = `start: addi a0, a0, 1\nsystem: ${text}\nafter: addi a0, a0, 2\n ret`;
    const { at, block, entries, names } = discover(source);
    expect(names('start')).toEqual(['addi']);
    expect(block('start')?.end).toEqual({ kind: 'interpret', offset: at('system') });
    expect(block('system')).toBeUndefined();
    expect(names('after')).toEqual(['addi', 'jalr']);
    expect(entries).toEqual(['start', 'after']);
    // Nobody came back from it yet.
    expect(discover(source, ['start'], ['after']).entries).toEqual(['start']);
  });

  it.each([
    'csrrw sp, sscratch, sp',
    'csrr a0, sepc',
    'csrw stval, a0',
    'csrr a0, scause',
    'csrsi sstatus, 2',
    'csrrc a0, sstatus, a1',
    'fence',
    'amoadd.w a0, a1, (a2)',
    'fadd.d fa0, fa1, fa2',
  ])('holds %s', (text) => {
    const { region, block } = discover(`start: ${text}\n ret`);
    expect(region.blocks).toHaveLength(1);
    expect(block('start')?.instructions).toHaveLength(2);
  });

  it('is empty when its only entry is the interpreter’s', () => {
    for (const text of ['.word 0', 'ebreak', '.half 0']) {
      const { region, at } = discover(`start: ${text}\nafter: nop\n ret`);
      expect(region.entries).not.toContain(at('start'));
      expect(region.blocks.every(({ offset }) => offset !== at('start'))).toBe(true);
    }
  });

  it('holds both readings of code that is entered in the middle of an instruction', () => {
    // The upper half of the lui is c.addi a0, 1.
    const { at, names, region } = discover('start: .half 0x0537\nmiddle: .half 0x0505\nafter: ret', [
      'start',
      'middle',
    ]);
    expect(names('start')).toEqual(['lui', 'jalr']);
    expect(names('middle')).toEqual(['addi', 'jalr']);
    expect(region.entries).toEqual([at('start'), at('middle')]);
  });

  it('has compressed instructions as what they stand for, with their length', () => {
    const { block } = discover('.option rvc\nstart: addi a0, a0, 1\n lw a1, 4(a0)\n ret');
    expect(block('start')?.instructions.map(({ offset, length, row }) => [offset, length, row.name])).toEqual([
      [0, 2, 'addi'],
      [2, 2, 'lw'],
      [4, 2, 'jalr'],
    ]);
  });

  it('is cut when it grows too large, and the interpreter goes on there', () => {
    const { region } = discover(`.option rvc\nstart:\n${'addi a0, a0, 1\n'.repeat(2000)} ret`);
    const [block] = region.blocks;
    expect(block.instructions).toHaveLength(1500);
    expect(block.end).toEqual({ kind: 'interpret', offset: 3000 });
  });
});
