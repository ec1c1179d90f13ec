// Hot: every descriptor of every request passes here.
import type { GuestMemory } from '@vivarium/contracts';
import * as d from './descriptor.ts';
import type { Request } from './request.ts';

/** 2^53 and above is no RAM, and a number above 2^53 could be rounded into it. */
const HIGH_LIMIT = 0x20_0000;

/** The address of the descriptor at `at`; NaN, which is inside of nothing, when it is 2^53 or more. */
export const addressAt = (table: DataView, at: number): number => {
  const high = table.getUint32(at + d.ADDRESS_HIGH, true);
  return high >= HIGH_LIMIT ? Number.NaN : high * 2 ** 32 + table.getUint32(at + d.ADDRESS_LOW, true);
};

/** A descriptor table that an indirect descriptor points at, or what is wrong with it (sections 2.7.5.3 and 2.8.7). */
export const indirectTable = (
  memory: GuestMemory,
  address: number,
  length: number,
  most: number,
): DataView | d.ChainFault => {
  const entries = length / d.DESCRIPTOR_SIZE;
  if (length === 0 || !Number.isInteger(entries) || entries > most) return 'indirect-table';
  const bytes = memory.view(address, length);
  return bytes === undefined ? 'not-ram' : new DataView(bytes.buffer, bytes.byteOffset, length);
};

/**
 * Follows a chain of a split ring from `head` and adds its buffers to `request`. At most `size` descriptors in all,
 * whatever the chain says; each field is read once.
 */
export const walkSplit = (
  request: Request,
  memory: GuestMemory,
  ring: DataView,
  head: number,
  size: number,
  indirect: boolean,
): d.ChainFault | undefined => {
  let table = ring;
  let entries = size;
  let index = head;
  let nested = false;
  for (let steps = 0; steps < size; steps++) {
    if (index >= entries) return 'index';
    const at = index * d.DESCRIPTOR_SIZE;
    const flags = table.getUint16(at + d.SPLIT_FLAGS, true);
    const address = addressAt(table, at);
    const length = table.getUint32(at + d.LENGTH, true);
    const next = table.getUint16(at + d.SPLIT_NEXT, true);
    if ((flags & d.INDIRECT) !== 0) {
      if (!indirect) return 'indirect-not-negotiated';
      if (nested) return 'indirect-nested';
      if ((flags & d.NEXT) !== 0) return 'indirect-next';
      const found = indirectTable(memory, address, length, size);
      if (typeof found === 'string') return found;
      table = found;
      entries = length / d.DESCRIPTOR_SIZE;
      index = 0;
      nested = true;
      // The descriptor that points at the table carries nothing itself.
      steps -= 1;
      continue;
    }
    const fault = request.add(memory, address, length, (flags & d.WRITE) !== 0);
    if (fault !== undefined) return fault;
    if ((flags & d.NEXT) === 0) return undefined;
    index = next;
  }
  return 'loop';
};
