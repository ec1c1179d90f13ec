import { expectThat } from '../conformance.ts';
import { type HostileCase, kicked, needsReset, refusesChain, type Verdict } from './case.ts';
import { Feature } from './driver.ts';
import { DESCRIPTOR, type Element, INDIRECT, NEXT, WRITE } from './driver-ring.ts';
import { type Laboratory, RAM, RAM_SIZE } from './laboratory.ts';

const table = (lab: Laboratory, change: Partial<Element> = {}): Element => {
  const elements = lab.elements();
  lab.ring(lab.bench).writeTable(lab.table(), elements);
  return { address: BigInt(lab.table()), length: DESCRIPTOR * elements.length, flags: INDIRECT, ...change };
};

/** The good request through `element`; it must be served like any other. */
const served = (lab: Laboratory, elements: readonly Element[]): Verdict => {
  lab.ring(lab.bench).publish(elements);
  const back = kicked(lab);
  expectThat(back.length === 1 && !needsReset(lab), 'the request must be served', { back });
  return 'PASS';
};

/** Section B of the catalogue: indirect descriptors. */
export const indirectCases: readonly HostileCase[] = [
  {
    id: 'B1',
    title: 'an indirect descriptor that was not agreed on',
    run: (lab) => {
      lab.start(lab.bench, lab.wanted(lab.bench) & ~Feature.indirect);
      return refusesChain(lab, [table(lab)]);
    },
  },
  {
    id: 'B2',
    title: 'an indirect descriptor in an indirect table',
    run: (lab) => {
      const inner = { address: BigInt(lab.table() + 0x200), length: DESCRIPTOR, flags: INDIRECT };
      lab.ring(lab.bench).writeTable(lab.table() + 0x200, lab.elements().slice(0, 1));
      lab.ring(lab.bench).writeTable(lab.table(), [inner]);
      return refusesChain(lab, [{ address: BigInt(lab.table()), length: DESCRIPTOR, flags: INDIRECT }]);
    },
  },
  {
    id: 'B3',
    title: 'an indirect table that is its own entry',
    run: (lab) => {
      const self = { address: BigInt(lab.table()), length: DESCRIPTOR, flags: INDIRECT };
      lab.ring(lab.bench).writeTable(lab.table(), [self]);
      return refusesChain(lab, [self]);
    },
  },
  {
    id: 'B4',
    title: 'a table length that is no multiple of 16',
    run: (lab) => refusesChain(lab, [table(lab, { length: DESCRIPTOR + 1 })]),
  },
  { id: 'B5', title: 'an empty table', run: (lab) => refusesChain(lab, [table(lab, { length: 0 })]) },
  {
    id: 'B6',
    title: 'a table of more than 65535 entries',
    run: (lab) => refusesChain(lab, [table(lab, { address: BigInt(RAM), length: 0xffff_fff0 })]),
  },
  {
    id: 'B7',
    title: 'a table longer than the queue',
    run: (lab) => refusesChain(lab, [table(lab, { length: DESCRIPTOR * (lab.ring(lab.bench).place.size + 1) })]),
  },
  {
    id: 'B8',
    title: 'a table out of RAM',
    run: (lab) => refusesChain(lab, [table(lab, { address: BigInt(RAM + RAM_SIZE) })]),
  },
  {
    id: 'B9',
    title: 'a loop inside a table',
    formats: ['split'],
    run: (lab) => {
      const entry = { address: BigInt(lab.buffer()), length: 16, exactFlags: NEXT, next: 0 };
      lab.ring(lab.bench).writeTable(lab.table(), [entry]);
      return refusesChain(lab, [{ address: BigInt(lab.table()), length: DESCRIPTOR, flags: INDIRECT }]);
    },
  },
  {
    id: 'B10',
    title: 'an indirect descriptor with a next',
    run: (lab) => refusesChain(lab, [table(lab), { address: BigInt(lab.buffer()), length: 16, flags: WRITE }]),
  },
  {
    id: 'B11',
    title: 'an indirect descriptor with the write flag, which is to be ignored',
    run: (lab) => served(lab, [table(lab, { flags: INDIRECT | WRITE })]),
  },
  {
    id: 'B12',
    title: 'direct descriptors, then an indirect one',
    formats: ['split'],
    run: (lab) => {
      const [first, ...rest] = lab.elements();
      if (first === undefined || rest.length === 0) return served(lab, [table(lab)]);
      lab.ring(lab.bench).writeTable(lab.table(), rest);
      return served(lab, [first, { address: BigInt(lab.table()), length: DESCRIPTOR * rest.length, flags: INDIRECT }]);
    },
  },
  {
    id: 'B13',
    title: 'a table at an odd address',
    run: (lab) => {
      const elements = lab.elements();
      lab.ring(lab.bench).writeTable(lab.table() + 1, elements);
      const length = DESCRIPTOR * elements.length;
      return served(lab, [{ address: BigInt(lab.table() + 1), length, flags: INDIRECT }]);
    },
  },
  {
    id: 'B14',
    title: 'a table across the end of RAM',
    run: (lab) =>
      refusesChain(lab, [{ address: BigInt(RAM + RAM_SIZE - DESCRIPTOR), length: 2 * DESCRIPTOR, flags: INDIRECT }]),
  },
];
