// Hot code: runs once for each region that is translated.
import { CSR } from '@vivarium/isa-riscv';
import type { InstructionFrame } from '../emit/instruction-frame.ts';
import { emitLookup, emitOffset } from '../emit/memory-access.ts';
import { CACHE_BLOCK, ENVCFG_CBZE } from '../state/cache-block.ts';
import { csrSlot } from '../state/csr-slots.ts';
import { SUPERVISOR } from '../state/hart-state.ts';
import { STATE_PRIVILEGE } from '../state/layout.ts';

/** cbo.zero in S-mode, of a block that the write TLB knows: how Linux clears pages. `interpret` does all others. */
export const emitZeroBlock = (frame: InstructionFrame, interpret: () => void): void => {
  const { f, locals } = frame;
  const [address, entry, offset] = [locals.take('i64'), locals.take('i32'), locals.take('i32')];
  frame.operands.x('rs1');
  f.i64(BigInt(-CACHE_BLOCK)).op('i64.and').set(address);
  frame.base();
  f.memory('i32.load', frame.state + STATE_PRIVILEGE)
    .i32(SUPERVISOR)
    .op('i32.eq');
  frame.base();
  f.memory('i32.load', frame.state + csrSlot(CSR.menvcfg))
    .i32(ENVCFG_CBZE)
    .op('i32.and')
    .i32(0)
    .op('i32.ne');
  f.op('i32.and');
  emitLookup(frame, 'write', address, entry, 1);
  f.op('i32.and').op('i32.eqz').unlikely().if();
  interpret();
  f.end();
  emitOffset(frame, address, entry);
  f.set(offset);
  for (let at = 0; at < CACHE_BLOCK; at += 8) f.get(offset).i64(0n).memory('i64.store', at);
};
