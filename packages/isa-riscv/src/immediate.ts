import type { ImmediateKind } from './format.ts';

/** The immediate of a 32-bit word, as {@link ImmediateKind} describes: a signed 32-bit number. */
export const immediateOf = (kind: ImmediateKind, word: number): number => {
  switch (kind) {
    case 'none':
      return 0;
    case 'I':
      return word >> 20;
    case 'S':
      return ((word >> 25) << 5) | ((word >>> 7) & 0x1f);
    case 'B':
      return ((word >> 31) << 12) | ((word << 4) & 0x800) | ((word >>> 20) & 0x7e0) | ((word >>> 7) & 0x1e);
    case 'U':
      return word & ~0xfff;
    case 'J':
      return ((word >> 31) << 20) | (word & 0xff000) | ((word >>> 9) & 0x800) | ((word >>> 20) & 0x7fe);
    case 'shift':
      return (word >>> 20) & 0x3f;
    case 'csr':
      return word >>> 20;
    case 'prefetch':
      return (word >> 25) << 5;
  }
};
