import { parse } from '@vivarium/fdt';
import { describe, expect, it } from 'vitest';
import { FakeMachine, kernelImage, MIB, RAM } from './fake-machine.ts';

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes).replace(/\0$/, '');
const initrd = { name: 'initrd.img', bytes: new Uint8Array(5000).fill(0x42) };

describe('boot', () => {
  it('puts kernel, initrd and device tree into RAM and says where', () => {
    const machine = new FakeMachine({ options: { initrd, commandLine: 'console=ttyS0 quiet' } }).boot();
    const { layout } = machine.firmware;
    expect(layout?.entry).toBe(RAM + 2 * MIB);
    expect(layout?.images.map(({ name }) => name)).toEqual(['vmlinux', 'device tree', 'initrd.img']);
    expect(machine.memory.read(RAM + 2 * MIB, 8192)).toEqual(kernelImage().bytes);

    const base = layout?.deviceTree.base ?? 0;
    const blob = machine.memory.read(base, layout?.deviceTree.blob.length ?? 0) ?? new Uint8Array(0);
    expect(blob).toEqual(layout?.deviceTree.blob);
    const chosen = parse(blob).root.children.find(({ name }) => name === 'chosen');
    expect(text(chosen?.properties['bootargs'])).toBe('console=ttyS0 quiet');
    const start = new DataView(chosen!.properties['linux,initrd-start'].buffer).getBigUint64(0);
    const end = new DataView(chosen!.properties['linux,initrd-end'].buffer).getBigUint64(0);
    expect(end - start).toBe(5000n);
    expect(start % 4096n).toBe(0n);
    expect(machine.memory.read(Number(start), 5000)).toEqual(initrd.bytes);
  });

  it('leaves the boot hart as the SBI specification says, and the others stopped', () => {
    const machine = new FakeMachine({ options: { bootHart: 1 } });
    for (const hart of machine.harts) {
      for (const name of hart.registerNames) {
        hart.writeRegister(name, 0xdead_beefn);
      }
    }
    machine.boot();
    const hart = machine.hart(1);
    expect(machine.harts.map(({ running }) => running)).toEqual([false, true, false]);
    expect(hart.readRegister('pc')).toBe(BigInt(RAM + 2 * MIB));
    expect(hart.readRegister('a0')).toBe(1n);
    expect(hart.readRegister('a1')).toBe(BigInt(machine.firmware.layout?.deviceTree.base ?? 0));
    expect(hart.readRegister('priv')).toBe(1n);
    expect(hart.readRegister('satp')).toBe(0n);
    expect(hart.readRegister('mie')).toBe(0n);
    expect((hart.readRegister('mstatus') ?? 0n) & 0xan).toBe(0n);
    // The supervisor's own calls must reach us; every other exception must not.
    expect(hart.readRegister('medeleg')).toBe(0xcb1ffn);
    expect(hart.readRegister('mideleg')).toBe(0x2222n);
    expect(hart.readRegister('stimecmp')).toBe((1n << 64n) - 1n);
    expect(hart.readRegister('pmpcfg0')).toBe(0x1fn);
    expect(hart.readRegister('pmpaddr0')).toBe((1n << 54n) - 1n);
    expect((hart.readRegister('menvcfg') ?? 0n) >> 61n).toBe(6n);
    expect(hart.fences).toEqual([{ kind: 'code' }, { kind: 'translations' }]);
  });

  it('loads everything again on each reset, whatever the guest did to RAM', () => {
    const machine = new FakeMachine({ options: { initrd } }).boot();
    const before = machine.memory.bytes.slice();
    machine.memory.bytes.fill(0xff, 2 * MIB);
    machine.hart(0).stop();
    machine.hart(2).start(1n, 2n);
    machine.firmware.reset();
    const { images, deviceTree } = machine.firmware.layout!;
    for (const { name, base, length } of images) {
      const used = name === 'device tree' ? deviceTree.blob.length : length;
      expect(machine.memory.read(base, used)).toEqual(before.slice(base - RAM, base - RAM + used));
    }
    expect(machine.harts.map(({ running }) => running)).toEqual([true, false, false]);
  });

  it('seeds the random generator afresh on a real clock, and the same or not at all on a virtual one', () => {
    const seed = (machine: FakeMachine): Uint8Array | undefined =>
      parse(machine.firmware.layout!.deviceTree.blob).root.children.find(({ name }) => name === 'chosen')?.properties[
        'rng-seed'
      ];
    const real = new FakeMachine({ clock: 'real' }).boot();
    const first = seed(real);
    expect(first).toHaveLength(32);
    real.firmware.reset();
    expect(seed(real)).not.toEqual(first);
    expect(seed(new FakeMachine().boot())).toBeUndefined();
    const rngSeed = new Uint8Array([1, 2, 3]);
    expect(seed(new FakeMachine({ options: { rngSeed } }).boot())).toEqual(rngSeed);
  });

  it('takes no more calls after dispose', () => {
    const machine = new FakeMachine().boot();
    machine.firmware.dispose();
    expect(machine.handler).toBeUndefined();
  });

  it.each([
    ['VIV_SBI_COMMAND_LINE', { options: { commandLine: 'x'.repeat(1024) } }],
    ['VIV_SBI_COMMAND_LINE', { options: { commandLine: 'é'.repeat(512) } }],
    ['VIV_SBI_COMMAND_LINE', { options: { commandLine: 'a\0b' } }],
    ['VIV_SBI_CORE', { options: { bootHart: 3 } }],
    ['VIV_SBI_CONSOLE', { options: { console: 'uart7' } }],
    ['VIV_IMAGE_MEMORY_TOO_SMALL', { memory: 2 * MIB }],
    ['VIV_IMAGE_MEMORY_TOO_SMALL', { memory: 2 * MIB + 4096 }],
    ['VIV_IMAGE_MEMORY_TOO_SMALL', { options: { initrd: { name: 'big', bytes: new Uint8Array(15 * MIB) } } }],
  ])('refuses with %s', (code, settings) => {
    expect(() => new FakeMachine(settings).boot()).toThrow(expect.objectContaining({ code }));
  });

  it('takes the longest command line that Linux takes', () => {
    expect(() => new FakeMachine({ options: { commandLine: 'x'.repeat(1023) } }).boot()).not.toThrow();
  });

  it('refuses a core without the registers that it needs, and names them', () => {
    const machine = new FakeMachine();
    machine.hart(0).registers.delete('stimecmp');
    expect(() => machine.boot()).toThrow(/core riscv64 has no stimecmp/);
  });
});
