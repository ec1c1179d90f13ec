import type { Helper } from '@vivarium/isa-riscv';
import type { FunctionBuilder, ModuleBuilder } from '@vivarium/wasm-emit';

/** Function indices of the helpers of the instruction table. */
export type HelperIndices = Readonly<Record<Helper, number>>;

const LOW_32 = 0xffffffffn;

/** Upper half of an unsigned 128-bit product, from four 32-bit ones. */
const emitMulhu = (f: FunctionBuilder): void => {
  const [aLow, aHigh, bLow, bHigh, middle] = [0, 0, 0, 0, 0].map(() => f.local('i64')) as [
    number,
    number,
    number,
    number,
    number,
  ];
  f.get(0).i64(LOW_32).op('i64.and').set(aLow);
  f.get(0).i64(32n).op('i64.shr_u').set(aHigh);
  f.get(1).i64(LOW_32).op('i64.and').set(bLow);
  f.get(1).i64(32n).op('i64.shr_u').set(bHigh);
  // middle = aHigh·bLow + (aLow·bLow >> 32), which cannot overflow
  f.get(aHigh).get(bLow).op('i64.mul');
  f.get(aLow).get(bLow).op('i64.mul').i64(32n).op('i64.shr_u').op('i64.add').set(middle);
  f.get(aHigh).get(bHigh).op('i64.mul').get(middle).i64(32n).op('i64.shr_u').op('i64.add');
  f.get(middle).i64(LOW_32).op('i64.and').get(aLow).get(bHigh).op('i64.mul').op('i64.add');
  f.i64(32n).op('i64.shr_u').op('i64.add');
};

/** Subtracts `other` when the operand `signed` is negative: turns an unsigned high product into a signed one. */
const emitSignCorrection = (f: FunctionBuilder, signed: number, other: number): void => {
  f.get(signed).i64(63n).op('i64.shr_s').get(other).op('i64.and').op('i64.sub');
};

/**
 * Carry-less product, bit by bit over the set bits of operand 1. `shift` says how operand 0 is moved for bit i:
 * left by i (clmul), right by 64 − i (clmulh), right by 63 − i (clmulr).
 */
const emitCarryless = (f: FunctionBuilder, kind: 'clmul' | 'clmulh' | 'clmulr'): void => {
  const rest = f.local('i64');
  const bit = f.local('i64');
  const sum = f.local('i64');
  f.get(1).set(rest);
  // For clmulh bit 0 contributes nothing, and a shift by 64 would be one by 0.
  if (kind === 'clmulh') f.get(rest).i64(-2n).op('i64.and').set(rest);
  f.block();
  const loop = f.loop();
  f.get(rest).op('i64.eqz');
  f.brIf({ depth: loop.depth - 1 });
  f.get(rest).op('i64.ctz').set(bit);
  f.get(sum).get(0);
  if (kind === 'clmul') f.get(bit).op('i64.shl');
  else
    f.i64(kind === 'clmulh' ? 64n : 63n)
      .get(bit)
      .op('i64.sub')
      .op('i64.shr_u');
  f.op('i64.xor').set(sum);
  f.get(rest).get(rest).i64(1n).op('i64.sub').op('i64.and').set(rest);
  f.br(loop);
  f.end();
  f.end();
  f.get(sum);
};

/** Each byte becomes 0xff when it has any bit set. */
const emitOrCombine = (f: FunctionBuilder): void => {
  const low = 0x7f7f7f7f7f7f7f7fn;
  f.get(0).i64(low).op('i64.and').i64(low).op('i64.add').get(0).op('i64.or');
  f.i64(0x8080808080808080n).op('i64.and').i64(7n).op('i64.shr_u').i64(0xffn).op('i64.mul');
};

/** Byte reversal in three swaps. */
const emitReverseBytes = (f: FunctionBuilder): void => {
  const value = f.local('i64');
  const swap = (mask: bigint, distance: bigint): void => {
    f.get(value).i64(distance).op('i64.shr_u').i64(mask).op('i64.and');
    f.get(value).i64(mask).op('i64.and').i64(distance).op('i64.shl').op('i64.or').set(value);
  };
  f.get(0).set(value);
  swap(0x00ff00ff00ff00ffn, 8n);
  swap(0x0000ffff0000ffffn, 16n);
  f.get(value).i64(32n).op('i64.rotl');
};

/** Defines every helper in the module. */
export const defineHelpers = (module: ModuleBuilder): HelperIndices => {
  const define = (operands: number, emit: (f: FunctionBuilder) => void): number => {
    const { index, body } = module.function(Array(operands).fill('i64'), ['i64']);
    emit(body);
    return index;
  };
  const mulhu = define(2, emitMulhu);
  return {
    mulhu,
    mulh: define(2, (f) => {
      f.get(0).get(1).call(mulhu);
      emitSignCorrection(f, 0, 1);
      emitSignCorrection(f, 1, 0);
    }),
    mulhsu: define(2, (f) => {
      f.get(0).get(1).call(mulhu);
      emitSignCorrection(f, 0, 1);
    }),
    clmul: define(2, (f) => emitCarryless(f, 'clmul')),
    clmulh: define(2, (f) => emitCarryless(f, 'clmulh')),
    clmulr: define(2, (f) => emitCarryless(f, 'clmulr')),
    'orc.b': define(1, emitOrCombine),
    rev8: define(1, emitReverseBytes),
  };
};
