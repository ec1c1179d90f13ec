import { describe, expect, it } from 'vitest';
import {
  ATOMIC_OPCODES,
  type AtomicOpcode,
  type FunctionBuilder,
  MEMORY_OPCODES,
  type MemoryOpcode,
  ModuleBuilder,
  OPCODES,
  type Opcode,
} from '../src/index.ts';
import { disassemble } from './disassembly.ts';
import { accessSignature, type Signature, signatureOf } from './signature.ts';

/** A module whose one function gives its parameters to the instructions under test and returns what they leave. */
const moduleOf = ({ operands, results }: Signature, emit: (body: FunctionBuilder) => void): Uint8Array<ArrayBuffer> => {
  const module = new ModuleBuilder();
  module.importMemory('host', 'memory', { minimum: 1, maximum: 1, shared: true });
  const { index, body } = module.function(operands, results);
  operands.forEach((_, parameter) => void body.get(parameter));
  emit(body);
  module.exportFunction('run', index);
  return module.encode();
};

/** The instructions of that function behind its operands, as WABT reads them. */
const readBack = async (signature: Signature, emit: (body: FunctionBuilder) => void): Promise<readonly string[]> => {
  const bytes = moduleOf(signature, emit);
  expect(WebAssembly.validate(bytes)).toBe(true);
  const lines = await disassemble(bytes);
  return lines.filter((line) => line !== '' && !line.startsWith('(') && !line.startsWith('local.get'));
};

const names = <Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] =>
  Object.keys(table) as Name[];

describe('every instruction of the table is valid and the one that WABT reads', () => {
  it.each(names<Opcode>(OPCODES))('%s', async (name) => {
    expect(await readBack(signatureOf(name), (body) => void body.op(name))).toEqual([name]);
  });

  it.each(names<MemoryOpcode>(MEMORY_OPCODES))('%s, of any alignment', async (name) => {
    // The text form leaves out an alignment that is the natural one.
    const alignment = MEMORY_OPCODES[name][1] === 0 ? '' : ' align=1';
    for (const offset of [0, 1, 0x7f, 0x80, 0xffff_ffff]) {
      const lines = await readBack(accessSignature(name), (body) => void body.memory(name, offset));
      expect(lines).toEqual([`${name}${offset === 0 ? '' : ` offset=${offset}`}${alignment}`]);
    }
  });

  it.each(names<AtomicOpcode>(ATOMIC_OPCODES))('%s, naturally aligned', async (name) => {
    for (const offset of [0, 8, 0x1000]) {
      const lines = await readBack(accessSignature(name), (body) => void body.atomic(name, offset));
      expect(lines).toEqual([`${name}${offset === 0 ? '' : ` offset=${offset}`}`]);
    }
  });

  it('memory.fill and atomic.fence', async () => {
    const signature: Signature = { operands: ['i32', 'i32', 'i32'], results: [] };
    expect(await readBack(signature, (body) => void body.fill().fence())).toEqual(['memory.fill', 'atomic.fence']);
  });
});

describe('the tables', () => {
  it('state the natural alignment of each access', () => {
    for (const [name, [, alignment]] of [...Object.entries(MEMORY_OPCODES), ...Object.entries(ATOMIC_OPCODES)]) {
      const bits = Number(/(?:load|store)(?<bits>8|16|32)/.exec(name)?.groups?.['bits'] ?? name.slice(1, 3));
      expect(8 << alignment).toBe(bits);
    }
  });

  it('give no two instructions one opcode', () => {
    const plain = [...Object.values(OPCODES), ...Object.values(MEMORY_OPCODES).map(([opcode]) => opcode)];
    expect(new Set(plain).size).toBe(plain.length);
    const atomic = Object.values(ATOMIC_OPCODES).map(([opcode]) => opcode);
    expect(new Set(atomic).size).toBe(atomic.length);
  });
});

describe('constants', () => {
  it('come back with their bits', async () => {
    const signature: Signature = { operands: [], results: ['f64'] };
    const lines = await readBack(signature, (body) => {
      body
        .i32(-1)
        .op('drop')
        .i32(0x8000_0000)
        .op('drop')
        .i64(-(2n ** 63n))
        .op('drop');
      body.f32(0.5).op('drop').f64(Number.MAX_VALUE);
    });
    expect(lines).toEqual([
      'i32.const -1',
      'drop',
      'i32.const -2147483648',
      'drop',
      'i64.const -9223372036854775808',
      'drop',
      expect.stringMatching(/^f32\.const 0x1p-1 /),
      'drop',
      expect.stringMatching(/^f64\.const 0x1\.fffffffffffffp\+1023 /),
    ]);
  });
});
