import type { DeviceTreeNode, DeviceTreeValue } from '@vivarium/contracts';
import fc from 'fast-check';

const name = fc.stringMatching(/^[a-z][a-z0-9,._+-]{0,12}$/);
// No digit in front: dtc 1.6 prints the end of the previous string as `\0`, which then swallows an octal digit.
const text = fc.stringMatching(/^[\x20-\x2f\x3a-\x7e][\x20-\x7e]{0,19}$/);
const cell = fc.nat({ max: 0xffff_ffff });

const value: fc.Arbitrary<DeviceTreeValue> = fc.oneof(
  fc.constant<true>(true),
  cell,
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
  text,
  fc.array(text, { minLength: 1, maxLength: 4 }),
  fc.array(cell, { maxLength: 6 }),
  fc.uint8Array({ maxLength: 24 }),
);

const properties = fc.dictionary(fc.stringMatching(/^[a-z#][a-z0-9,._+?#-]{0,14}$/), value, { maxKeys: 5 });

const node = (levels: number): fc.Arbitrary<DeviceTreeNode> =>
  fc.record({
    name,
    properties,
    children:
      levels === 1
        ? fc.constant([])
        : fc.uniqueArray(node(levels - 1), { selector: (child) => child.name, maxLength: 3 }),
  });

/** Trees without labels, at most four levels deep; siblings have distinct names. */
export const tree: fc.Arbitrary<DeviceTreeNode> = node(4).map((root) => ({ ...root, name: '' }));
