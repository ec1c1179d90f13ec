import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FunctionBuilder, ModuleBuilder, type WasmType } from '../src/index.ts';
import { disassemble } from './disassembly.ts';

/** Compiles one function and returns it. */
const compile = (
  parameters: readonly WasmType[],
  results: readonly WasmType[],
  emit: (body: FunctionBuilder, module: ModuleBuilder) => void,
): ((...operands: readonly (number | bigint)[]) => number | bigint | undefined) => {
  const module = new ModuleBuilder();
  const { index, body } = module.function(parameters, results);
  emit(body, module);
  module.exportFunction('run', index);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()));
  return exports['run'] as ReturnType<typeof compile>;
};

describe('structured control flow', () => {
  it('branches to labels however deep inside them it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.nat(), (depth, pick) => {
        // Leaving block n adds n … 1: every end on the way out from there.
        const chosen = pick % depth;
        const run = compile([], ['i32'], (body) => {
          const sum = body.local('i32');
          const labels = Array.from({ length: depth }, () => body.block());
          body.br(labels[chosen]);
          for (let level = depth - 1; level >= 0; level -= 1) {
            body.end();
            body.get(sum).i32(level).op('i32.add').set(sum);
          }
          body.get(sum);
        });
        expect(run()).toBe((chosen * (chosen + 1)) / 2);
      }),
      { numRuns: 50 },
    );
  });

  it('chooses among many targets with br_table, and the last for every index beyond', () => {
    const targets = 300;
    const run = compile(['i32'], ['i32'], (body) => {
      const otherwise = body.block();
      const labels = Array.from({ length: targets }, () => body.block()).reverse();
      body.get(0).brTable(labels, otherwise);
      for (let target = 0; target < targets; target += 1) body.end().i32(target).op('return');
      body.end().i32(-1);
    });
    for (let index = 0; index < targets; index += 1) expect(run(index)).toBe(index);
    for (const index of [targets, targets + 1, -1, 0x7fff_ffff]) expect(run(index)).toBe(-1);
  });

  it('loops back to a loop and out of a block around it', () => {
    const run = compile(['i32'], ['i64'], (body) => {
      const sum = body.local('i64');
      const out = body.block();
      const again = body.loop();
      body.get(0).op('i32.eqz').brIf(out);
      body.get(sum).get(0).op('i64.extend_i32_u').op('i64.add').set(sum);
      body.get(0).i32(1).op('i32.sub').set(0).br(again);
      body.end().end().get(sum);
    });
    expect(run(100_000)).toBe(5_000_050_000n);
  });

  it('gives results out of blocks and both arms of if', () => {
    const run = compile(['i32'], ['f64'], (body) => {
      body.get(0).if('f64');
      body.f64(1.5).else().f64(-2.25).end();
      const label = body.block('f64');
      body.f64(10).br(label).end().op('f64.add');
    });
    expect(run(1)).toBe(11.5);
    expect(run(0)).toBe(7.75);
  });

  it('keeps relative depths right after blocks were closed', () => {
    const run = compile(['i32'], ['i32'], (body) => {
      const outer = body.block();
      body.block();
      body.end();
      body.get(0).if();
      body.br(outer);
      body.end();
      body.i32(7).op('return').end().i32(9);
    });
    expect(run(0)).toBe(7);
    expect(run(1)).toBe(9);
  });
});

describe('locals', () => {
  it('come behind the parameters and are declared in runs of one type', async () => {
    const module = new ModuleBuilder();
    const { body } = module.function(['i64', 'i64'], []);
    const types: readonly WasmType[] = ['i32', 'i32', 'i64', 'i32', 'f32', 'f64', 'f64'];
    expect(types.map((type) => body.local(type))).toEqual([2, 3, 4, 5, 6, 7, 8]);
    // Five runs: 2 × i32, i64, i32, f32, 2 × f64; then the final end.
    expect([...body.encode()]).toEqual([5, 2, 0x7f, 1, 0x7e, 1, 0x7f, 1, 0x7d, 2, 0x7c, 0x0b]);
    const text = await disassemble(module.encode());
    expect(text.join('\n')).toContain('(local i32 i32 i64 i32 f32 f64 f64)');
  });

  it('take thousands', () => {
    const count = 5000;
    const run = compile(['i32'], ['i32'], (body) => {
      const locals = Array.from({ length: count }, () => body.local('i32'));
      let before = 0;
      for (const local of locals) {
        body.get(before).i32(1).op('i32.add').set(local);
        before = local;
      }
      body.get(before);
    });
    expect(run(37)).toBe(37 + count);
  });

  it('hold what tee leaves on the stack', () => {
    const run = compile(['i64'], ['i64'], (body) => {
      const copy = body.local('i64');
      body.get(0).tee(copy).get(copy).op('i64.mul');
    });
    expect(run(-7n)).toBe(49n);
  });
});

describe('arithmetic', () => {
  const operand = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
  const cases = {
    'i64.add': (a: bigint, b: bigint) => a + b,
    'i64.sub': (a: bigint, b: bigint) => a - b,
    'i64.mul': (a: bigint, b: bigint) => a * b,
    'i64.and': (a: bigint, b: bigint) => a & b,
    'i64.or': (a: bigint, b: bigint) => a | b,
    'i64.xor': (a: bigint, b: bigint) => a ^ b,
    'i64.shl': (a: bigint, b: bigint) => a << (b & 63n),
    'i64.shr_s': (a: bigint, b: bigint) => a >> (b & 63n),
    'i64.shr_u': (a: bigint, b: bigint) => BigInt.asUintN(64, a) >> (b & 63n),
  } as const;

  it.each(Object.keys(cases) as (keyof typeof cases)[])('%s is what it says', (name) => {
    const run = compile(['i64', 'i64'], ['i64'], (body) => void body.get(0).get(1).op(name));
    fc.assert(
      fc.property(operand, operand, (a, b) => {
        expect(run(a, b)).toBe(BigInt.asIntN(64, cases[name](a, b)));
      }),
    );
  });

  it('takes any constant', () => {
    fc.assert(
      fc.property(operand, fc.integer(), fc.double(), (long, integer, double) => {
        expect(compile([], ['i64'], (body) => void body.i64(long))()).toBe(long);
        expect(compile([], ['i32'], (body) => void body.i32(integer))()).toBe(integer);
        expect(compile([], ['f64'], (body) => void body.f64(double))()).toBe(double);
      }),
      { numRuns: 50 },
    );
  });
});

describe('calls', () => {
  it('reach functions declared later, themselves and imports', () => {
    const module = new ModuleBuilder();
    const host = module.importFunction('host', 'twice', ['i32'], ['i32']);
    const first = module.function(['i32'], ['i32']);
    const second = module.function(['i32'], ['i32']);
    first.body.get(0).call(second.index).call(host);
    // Factorial.
    second.body.get(0).i32(2).op('i32.lt_s').if('i32');
    second.body.i32(1).else();
    second.body.get(0).get(0).i32(1).op('i32.sub').call(second.index).op('i32.mul').end();
    module.exportFunction('run', first.index);
    const imports = { host: { twice: (value: number) => value * 2 } };
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), imports);
    expect((exports['run'] as (value: number) => number)(6)).toBe(1440);
  });
});
