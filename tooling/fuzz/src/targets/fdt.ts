import { isVivariumError } from '@vivarium/contracts';
import { type FlattenedTree, flatten, parse } from '@vivarium/fdt';
import { Choices } from '../engine/choices.ts';
import { type FuzzTarget, must } from '../engine/target.ts';

const TREE = {
  name: '',
  properties: { '#address-cells': 2, '#size-cells': 2, compatible: ['riscv-virtio', 'x'], model: 'fuzz' },
  children: [
    { name: 'memory@80000000', properties: { device_type: 'memory', reg: [0, 0x8000_0000, 0, 0x1000] } },
    {
      name: 'soc',
      properties: { ranges: true as const },
      children: [{ name: 'uart@10000000', properties: { reg: [0, 0x1000_0000, 0, 0x100], status: 'okay' } }],
    },
    { name: 'chosen', properties: { bootargs: 'console=hvc0' } },
  ],
};
const SOUND = flatten(TREE);
const TOKENS = [1, 2, 3, 4, 9, 0, 0xffff_ffff, 0xd00d_feed];

const spoil = (blob: Uint8Array, choices: Choices): Uint8Array => {
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const words = blob.length >> 2;
  const word = 4 * (choices.u16() % words);
  switch (choices.below(6)) {
    case 0:
      view.setUint32(4 * choices.below(10), choices.size());
      return blob;
    case 1:
      view.setUint32(word, choices.pick(TOKENS));
      return blob;
    case 2:
      view.setUint32(word, choices.size());
      return blob;
    case 3:
      blob[choices.u16() % blob.length] = choices.byte();
      return blob;
    case 4: {
      // Some words again, or fewer of them.
      const count = 4 * choices.below(16);
      return Uint8Array.from([
        ...blob.subarray(0, word),
        ...blob.subarray(Math.max(0, word - count), word),
        ...blob.subarray(word),
      ]);
    }
    default:
      return blob.length > 80 && choices.rarely(3) ? blob.slice(0, 40 + (choices.u16() % (blob.length - 40))) : blob;
  }
};

const same = (one: FlattenedTree, other: FlattenedTree): boolean =>
  JSON.stringify(one, plain) === JSON.stringify(other, plain);
const plain = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** Flattened device trees with fields and tokens changed for the worse. */
export const fdt: FuzzTarget = {
  covers: ['packages/fdt'],
  run: (program, see) => {
    let blob: Uint8Array = SOUND.slice();
    for (const action of program) blob = spoil(blob, new Choices(action));
    let tree: FlattenedTree;
    try {
      tree = parse(blob, { maximumSize: 65_536 });
    } catch (error) {
      must(isVivariumError(error), `a tree must be refused with a code, and was with ${String(error)}`);
      see(error instanceof Error ? error.message.replaceAll(/\d+/g, 'N').slice(0, 60) : '');
      return;
    }
    see(`nodes ${tree.root.children.length}`);
    const { root, ...options } = tree;
    let again: Uint8Array;
    try {
      again = flatten(root, options);
    } catch (error) {
      // Who writes is stricter about names than who reads.
      const isName = isVivariumError(error) && error.code === 'VIV_FDT_NAME';
      must(isName, `a tree that was read must be writable: ${String(error)}`);
      return;
    }
    must(same(parse(again), tree), 'a tree that was read must be the same when it is written and read again');
  },
};
