/**
 * Zicbom, Zicboz and Zicbop, version 1.0 (unprivileged manual, chapter "Base Cache Management Operation ISA
 * Extensions"). Prefetches are hints in the encoding space of `ori x0`, and do nothing here.
 */
import { system } from '../expression.ts';
import { rowsOf } from '../instruction-row.ts';

const manage = rowsOf('Zicbom');
const zero = rowsOf('Zicboz');
const prefetch = rowsOf('Zicbop');

export const cacheRows = [
  manage('cbo.inval', '000000000000 rs1 010 00000 0001111', 'cache-block', [system('cbo.inval')]),
  manage('cbo.clean', '000000000001 rs1 010 00000 0001111', 'cache-block', [system('cbo.clean')]),
  manage('cbo.flush', '000000000010 rs1 010 00000 0001111', 'cache-block', [system('cbo.flush')]),
  zero('cbo.zero', '000000000100 rs1 010 00000 0001111', 'cache-block', [system('cbo.zero')]),
  prefetch('prefetch.i', 'imm[11:5] 00000 rs1 110 00000 0010011', 'prefetch', [], 'ori'),
  prefetch('prefetch.r', 'imm[11:5] 00001 rs1 110 00000 0010011', 'prefetch', [], 'ori'),
  prefetch('prefetch.w', 'imm[11:5] 00011 rs1 110 00000 0010011', 'prefetch', [], 'ori'),
];
