import { describe, expect, it } from 'vitest';
import { ModuleBuilder } from '../src/index.ts';
import { disassemble } from './disassembly.ts';

const instantiate = (module: ModuleBuilder, imports: WebAssembly.Imports = {}): WebAssembly.Exports =>
  new WebAssembly.Instance(new WebAssembly.Module(module.encode()), imports).exports;

describe('a module', () => {
  it('may be empty', () => {
    expect([...new ModuleBuilder().encode()]).toEqual([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    expect(WebAssembly.validate(new ModuleBuilder().encode())).toBe(true);
  });

  it('shares equal function types and keeps different ones apart', async () => {
    const module = new ModuleBuilder();
    expect(module.type(['i32', 'i64'], ['f32'])).toBe(0);
    expect(module.type(['i32'], ['f32'])).toBe(1);
    expect(module.type(['i32', 'i64'], ['f32'])).toBe(0);
    expect(module.type([], [])).toBe(2);
    expect(module.type(['f32'], ['i32'])).toBe(3);
    module.function([], []);
    module.importFunction('a', 'b', ['f32'], ['i32']);
    const text = (await disassemble(module.encode())).join('\n');
    expect(text.match(/\(type \(;/g)).toHaveLength(4);
    expect(WebAssembly.validate(module.encode())).toBe(true);
  });

  it('names imports and exports in UTF-8, in the order they were declared', () => {
    const module = new ModuleBuilder();
    module.importFunction('hart', 'größe', [], []);
    module.importMemory('hart', 'memory', { minimum: 1 });
    module.importFunction('', '', ['i32'], ['i64']);
    const { index } = module.function([], []);
    module.exportFunction('läuft', index);
    module.exportFunction('', index);
    const compiled = new WebAssembly.Module(module.encode());
    expect(WebAssembly.Module.imports(compiled)).toEqual([
      { module: 'hart', name: 'größe', kind: 'function' },
      { module: 'hart', name: 'memory', kind: 'memory' },
      { module: '', name: '', kind: 'function' },
    ]);
    expect(WebAssembly.Module.exports(compiled)).toEqual([
      { name: 'läuft', kind: 'function' },
      { name: '', kind: 'function' },
    ]);
  });

  it('counts hundreds of functions, each with the body it was given', () => {
    const module = new ModuleBuilder();
    const count = 300;
    for (let number = 0; number < count; number += 1) {
      const { index, body } = module.function([], ['i32']);
      expect(index).toBe(number);
      body.i32(number * 1000);
      module.exportFunction(`f${number}`, index);
    }
    const exports = instantiate(module);
    for (const number of [0, 1, 127, 128, 299]) expect((exports[`f${number}`] as () => number)()).toBe(number * 1000);
  });

  it('encodes to bytes of its own, and again to the same', () => {
    const module = new ModuleBuilder();
    module.function([], []);
    const first = module.encode();
    first.fill(0);
    expect(WebAssembly.validate(module.encode())).toBe(true);
  });
});

describe('an imported memory', () => {
  const importing = (limits: { minimum: number; maximum?: number; shared?: boolean }): WebAssembly.Module => {
    const module = new ModuleBuilder();
    module.importMemory('host', 'memory', limits);
    return new WebAssembly.Module(module.encode());
  };
  const links = (compiled: WebAssembly.Module, memory: WebAssembly.Memory): boolean => {
    try {
      return new WebAssembly.Instance(compiled, { host: { memory } }) instanceof WebAssembly.Instance;
    } catch (error) {
      if (error instanceof WebAssembly.LinkError) return false;
      throw error;
    }
  };

  it('has the minimum and maximum that it states', () => {
    const exact = new WebAssembly.Memory({ initial: 3, maximum: 200 });
    expect(links(importing({ minimum: 3 }), exact)).toBe(true);
    expect(links(importing({ minimum: 4 }), exact)).toBe(false);
    expect(links(importing({ minimum: 3, maximum: 200 }), exact)).toBe(true);
    expect(links(importing({ minimum: 3, maximum: 199 }), exact)).toBe(false);
    expect(links(importing({ minimum: 3, maximum: 200 }), new WebAssembly.Memory({ initial: 3 }))).toBe(false);
  });

  it('is shared only when it says so', () => {
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
    const own = new WebAssembly.Memory({ initial: 1, maximum: 2 });
    expect(links(importing({ minimum: 1, maximum: 2, shared: true }), shared)).toBe(true);
    expect(links(importing({ minimum: 1, maximum: 2, shared: true }), own)).toBe(false);
    expect(links(importing({ minimum: 1, maximum: 2 }), shared)).toBe(false);
    expect(links(importing({ minimum: 1, maximum: 2, shared: false }), own)).toBe(true);
  });

  it('may have 65536 pages, which is all of a 32-bit address space', async () => {
    const module = new ModuleBuilder();
    module.importMemory('host', 'memory', { minimum: 65_536, maximum: 65_536 });
    expect((await disassemble(module.encode())).join('\n')).toContain('(memory (;0;) 65536 65536)');
  });

  it('is what accesses read and write, atomics too', () => {
    const module = new ModuleBuilder();
    module.importMemory('host', 'memory', { minimum: 1, maximum: 1, shared: true });
    const { index, body } = module.function(['i32', 'i64'], ['i64']);
    body.get(0).get(1).memory('i64.store', 3);
    body.i32(64).get(1).atomic('i64.atomic.rmw.add', 8).op('drop');
    body.i32(64).get(1).i64(42n).atomic('i64.atomic.rmw.cmpxchg', 8).op('drop').fence();
    body.i32(128).i32(0xab).i32(5).fill();
    body.get(0).memory('i64.load', 3);
    module.exportFunction('run', index);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const run = instantiate(module, { host: { memory } })['run'] as (at: number, value: bigint) => bigint;
    expect(run(10, 0x1122334455667788n)).toBe(0x1122334455667788n);
    const view = new DataView(memory.buffer);
    expect(view.getBigInt64(13, true)).toBe(0x1122334455667788n);
    expect(view.getBigInt64(72, true)).toBe(42n);
    expect([...new Uint8Array(memory.buffer, 127, 7)]).toEqual([0, 0xab, 0xab, 0xab, 0xab, 0xab, 0]);
  });
});

describe('globals', () => {
  it('start with their values and keep what is written', async () => {
    const module = new ModuleBuilder();
    expect(module.globalI32(-5)).toBe(0);
    expect(module.globalI32(0x7fff_ffff)).toBe(1);
    const { index, body } = module.function(['i32'], ['i32']);
    body.getGlobal(0).get(0).op('i32.add').setGlobal(0).getGlobal(0);
    module.exportFunction('run', index);
    const run = instantiate(module)['run'] as (value: number) => number;
    expect([run(1), run(1), run(10)]).toEqual([-4, -3, 7]);
    const text = (await disassemble(module.encode())).join('\n');
    expect(text).toContain('(global (;1;) (mut i32) (i32.const 2147483647))');
  });
});

describe('branch hints', () => {
  it('stand before the code, by function and offset in its body, where engines and tools still read the module', async () => {
    const module = new ModuleBuilder();
    module.importFunction('a', 'b', [], []);
    module.function([], []);
    const { body: f, index } = module.function(['i32'], ['i32']);
    f.local('i64');
    f.block();
    f.get(0).unlikely().brIf({ depth: 1 });
    f.get(0).likely().if();
    f.i32(5).op('return').end().end();
    f.i32(7);
    module.exportFunction('run', index);
    const bytes = module.encode();
    const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), 'metadata.code.branch_hint');
    // One function, number 2; two hints: the body begins with 3 bytes of declarations and the block's 2.
    expect([...new Uint8Array(section)]).toEqual([1, 2, 2, 7, 1, 0, 11, 1, 1]);
    const { run } = instantiate(module, { a: { b: () => {} } }) as { run: (value: number) => number };
    expect([run(0), run(1)]).toEqual([7, 7]);
    expect((await disassemble(bytes)).join('\n')).toContain('br_if');
  });

  it('are left out where nothing is known', () => {
    const module = new ModuleBuilder();
    module.function([], []);
    expect(
      WebAssembly.Module.customSections(new WebAssembly.Module(module.encode()), 'metadata.code.branch_hint'),
    ).toEqual([]);
  });
});

describe('a tail call through a table', () => {
  it('takes the place of its caller, however often', () => {
    const module = new ModuleBuilder();
    module.importTable('host', 'table', 1);
    const type = module.type(['i32'], ['i32']);
    const { body: f, index } = module.function(['i32'], ['i32']);
    f.get(0).op('i32.eqz').if();
    f.i32(42).op('return').end();
    f.get(0).i32(1).op('i32.sub').i32(0).returnCallIndirect(type);
    module.exportFunction('count', index);
    const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
    const { count } = instantiate(module, { host: { table } }) as { count: (value: number) => number };
    table.set(0, count);
    expect(count(1_000_000)).toBe(42);
  });
});

describe('vector instructions', () => {
  it('splat, multiply and add, and take a lane', () => {
    const module = new ModuleBuilder();
    for (const [name, type, shape] of [
      ['single', 'f32', 'f32x4'],
      ['double', 'f64', 'f64x2'],
    ] as const) {
      const { body: f, index } = module.function([type, type, type], [type]);
      for (const local of [0, 1, 2]) f.get(local).vector(`${shape}.splat`);
      f.vector(`${shape}.relaxed_madd`).vector(`${shape}.extract_lane`, 1);
      module.exportFunction(name, index);
    }
    const exports = instantiate(module) as Record<string, (a: number, b: number, c: number) => number>;
    expect(exports['single']?.(3, 4, 5)).toBe(17);
    expect(exports['double']?.(0.5, 8, -1)).toBe(3);
  });
});
