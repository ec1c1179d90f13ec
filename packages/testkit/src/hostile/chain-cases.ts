import { bend, type HostileCase, kicked, needsReset, refused, refusesChain, returnsChain } from './case.ts';
import { type Element, NEXT, WRITE } from './driver-ring.ts';
import { type Laboratory, RAM, RAM_SIZE } from './laboratory.ts';

const TOP = 2n ** 64n;
const END = BigInt(RAM + RAM_SIZE);
/** Where boards have device registers, and nothing has RAM. */
const REGISTERS = 0x1000_1000n;

/** Writes a chain of the split ring whose descriptors point at each other, and shows its first. */
const loop = (lab: Laboratory, length: number): void => {
  const ring = lab.split();
  const [element] = lab.elements();
  if (element === undefined) return;
  for (let index = 0; index < length; index++) ring.descriptor(index, element, NEXT, (index + 1) % length);
  ring.show(0);
};

const many = (lab: Laboratory, count: number, change: (index: number) => Partial<Element> = () => ({})) =>
  Array.from({ length: count }, (_, index) => ({ address: BigInt(lab.buffer()), length: 16, ...change(index) }));

/** The good request in as many buffers as the ring has room for. */
const inPieces = (lab: Laboratory): readonly Element[] => {
  const elements = lab.elements();
  const pieces = Math.max(1, Math.floor(lab.ring(lab.bench).place.size / Math.max(1, elements.length)));
  return elements.flatMap((element) => {
    const piece = Math.max(1, Math.ceil(element.length / pieces));
    return Array.from({ length: Math.ceil(element.length / piece) }, (_, index) => ({
      ...element,
      address: element.address + BigInt(index * piece),
      length: Math.min(piece, element.length - index * piece),
    }));
  });
};

/** Section A of the catalogue: chains of descriptors. */
export const chainCases: readonly HostileCase[] = [
  {
    id: 'A1',
    title: 'a descriptor that is its own next',
    formats: ['split'],
    run: (lab) => (loop(lab, 1), refused(lab)),
  },
  {
    id: 'A2',
    title: 'a loop through all descriptors',
    formats: ['split'],
    run: (lab) => (loop(lab, lab.split().place.size), refused(lab)),
  },
  {
    id: 'A3',
    title: 'a chain longer than the queue by one',
    run: (lab) => refusesChain(lab, many(lab, lab.ring(lab.bench).place.size + 1)),
  },
  {
    id: 'A4',
    title: 'a next index that is out of the table',
    formats: ['split'],
    run: (lab) => {
      const [element] = lab.elements();
      if (element !== undefined) lab.split().descriptor(0, element, NEXT, lab.split().place.size);
      lab.split().show(0);
      return refused(lab);
    },
  },
  {
    id: 'A5',
    title: 'a head, or an id, that is out of range',
    run: (lab) => {
      const ring = lab.ring(lab.bench);
      if (lab.setting.format === 'split') lab.split().show(ring.place.size);
      else ring.publish(lab.elements(), ring.place.size);
      return refused(lab);
    },
  },
  {
    id: 'A6',
    title: 'nothing but invalid heads',
    formats: ['split'],
    run: (lab) => {
      for (let count = 0; count < lab.split().place.size; count++) lab.split().show(0xffff - count);
      return refused(lab);
    },
  },
  { id: 'A7', title: 'a buffer at address 0', run: (lab) => refusesChain(lab, bend(lab, { address: 0n })) },
  { id: 'A8', title: 'a buffer beyond RAM', run: (lab) => refusesChain(lab, bend(lab, { address: END + 4096n })) },
  {
    id: 'A9',
    title: 'an address and a length that wrap around 2^64',
    run: (lab) => refusesChain(lab, bend(lab, { address: TOP - 8n, length: 4096 })),
  },
  {
    id: 'A10',
    title: 'an empty buffer in the middle',
    run: (lab) => {
      const [first, ...rest] = lab.elements();
      const flags = rest.length > 0 ? (first?.flags ?? 0) : WRITE;
      const empty = { address: BigInt(lab.buffer()), length: 0, flags };
      return returnsChain(lab, first === undefined ? [empty] : [first, empty, ...rest]);
    },
  },
  {
    id: 'A11',
    title: 'a chain of nothing but empty buffers',
    run: (lab) =>
      returnsChain(
        lab,
        many(lab, 3, () => ({ length: 0 })),
      ),
  },
  { id: 'A12', title: 'a length of 2^32-1', run: (lab) => refusesChain(lab, bend(lab, { length: 0xffff_ffff })) },
  {
    id: 'A13',
    title: 'lengths that add up to more than 2^32-1',
    run: (lab) =>
      refusesChain(
        lab,
        many(lab, 4, () => ({ length: 0x8000_0000 })),
      ),
  },
  {
    id: 'A14',
    title: 'a buffer across the end of RAM',
    run: (lab) => refusesChain(lab, bend(lab, { address: END - 8n, length: 16 })),
  },
  {
    id: 'A15',
    title: 'a buffer across the start of RAM',
    run: (lab) => refusesChain(lab, bend(lab, { address: BigInt(RAM) - 8n, length: 16 })),
  },
  {
    id: 'A16',
    title: 'a buffer inside the registers of a device',
    run: (lab) => refusesChain(lab, bend(lab, { address: REGISTERS, length: 16 })),
  },
  {
    id: 'A17',
    title: 'a buffer over the rings themselves',
    run: (lab) => {
      const { descriptors, size } = lab.ring(lab.bench).place;
      lab.ring(lab.bench).publish([{ address: BigInt(descriptors), length: 16 * size, flags: WRITE }]);
      lab.kick();
      // Whatever that wrote, the driver did it to itself.
      return needsReset(lab) ? 'REJECT' : 'PASS';
    },
  },
  {
    id: 'A18',
    title: 'a readable buffer behind a writable one',
    run: (lab) =>
      refusesChain(
        lab,
        many(lab, 2, (index) => ({ flags: index === 0 ? WRITE : 0 })),
      ),
  },
  {
    id: 'A19',
    title: 'the directions of a request the wrong way around',
    run: (lab) => {
      const wrong = lab.elements().map((element) => ({ ...element, flags: (element.flags ?? 0) ^ WRITE }));
      const ordered = [...wrong].sort((one, other) => (one.flags ?? 0) - (other.flags ?? 0));
      return returnsChain(lab, ordered);
    },
  },
  {
    id: 'A20',
    title: 'reserved flag bits',
    formats: ['split'],
    run: (lab) =>
      returnsChain(
        lab,
        lab.elements().map((element) => ({ ...element, flags: (element.flags ?? 0) | 0x7ff8 })),
      ),
  },
  {
    id: 'A21',
    title: 'every field at its largest',
    run: (lab) => refusesChain(lab, [{ address: TOP - 1n, length: 0xffff_ffff, exactFlags: 0x7f7b, next: 0xffff }]),
  },
  {
    id: 'A22',
    title: 'a descriptor that changes after it was published',
    run: (lab) => {
      const { descriptors } = lab.ring(lab.bench).place;
      lab.ring(lab.bench).publish(lab.elements());
      let calls = 0;
      lab.hooked.hook = (address) => {
        // The first views are of the rings; from the first buffer on the descriptor says something else.
        if (address >= lab.buffer() && ++calls === 1) lab.memory.write(descriptors, new Uint8Array(12).fill(0xff));
        return undefined;
      };
      const back = kicked(lab);
      lab.hooked.hook = undefined;
      return back.length === 1 || needsReset(lab) ? 'PASS' : refused(lab);
    },
  },
  {
    id: 'A23',
    title: 'the same head twice in flight',
    run: (lab) => {
      const ring = lab.ring(lab.bench);
      const size = ring.place.size;
      for (let count = 0; count <= size; count++) {
        if (lab.setting.format === 'split') lab.split().show(0);
        else ring.publish(many(lab, 1), 0);
      }
      lab.kick();
      return needsReset(lab) ? 'REJECT' : 'PASS';
    },
  },
  {
    id: 'A24',
    title: 'a descriptor table that is gone when it is read',
    run: (lab) => {
      const { descriptors } = lab.ring(lab.bench).place;
      lab.ring(lab.bench).publish(lab.elements());
      lab.hooked.hook = (address) => (address === descriptors ? 'deny' : undefined);
      try {
        return refused(lab);
      } finally {
        lab.hooked.hook = undefined;
      }
    },
  },
  {
    id: 'G26',
    title: 'the good request in as many buffers as there can be: all of them count, and not only the first',
    run: (lab) => {
      const pieces = inPieces(lab);
      lab.serves(lab.bench, 'when its request comes in pieces', pieces);
      return 'PASS';
    },
  },
];
