import { describe, expect, it } from 'vitest';
import {
  FREE_LINES,
  INTERRUPT_LINES,
  MEMORY_MAP,
  pipeConsole,
  slotAddress,
  type VirtBoardOptions,
  virtBoard,
} from '../src/index.ts';

const MIB = 1024 * 1024;
const kernel = { name: 'vmlinux', bytes: new Uint8Array(1) };
const board = (options: Partial<VirtBoardOptions>) => virtBoard({ boot: { kind: 'kernel', kernel }, ...options });

describe('virtBoard', () => {
  it.each([
    ['VIV_BOARD_MEMORY', { memory: 16 * MIB - 4096 }],
    ['VIV_BOARD_MEMORY', { memory: 3584 * MIB + 4096 }],
    ['VIV_BOARD_MEMORY', { memory: 64 * MIB + 1 }],
    ['VIV_BOARD_MEMORY', { memory: Number.NaN }],
    ['VIV_BOARD_CPUS', { cpus: 0 }],
    ['VIV_BOARD_CPUS', { cpus: 9 }],
    ['VIV_BOARD_CPUS', { cpus: 1.5 }],
    ['VIV_BOARD_CPUS', { cpus: 2, maxCpus: 1 }],
    ['VIV_BOARD_CPUS', { maxCpus: 9 }],
    ['VIV_BOARD_CPUS', { maxCpus: 2, boot: { kind: 'bios' as const, bios: kernel } }],
    ['VIV_BOARD_CONSOLES', { consoles: ['a', 'b', 'c', 'd', 'e'].map((id) => pipeConsole(id)) }],
  ])('refuses with %s: %o', (code, options) => {
    expect(() => board(options)).toThrow(expect.objectContaining({ code }));
  });

  it('takes the limits themselves', () => {
    for (const options of [{ memory: 16 * MIB }, { memory: 3584 * MIB }, { cpus: 8 }]) {
      expect(board(options).parts.length).toBeGreaterThan(8);
    }
  });

  it.each(['mmio', 'pci'] as const)(
    'has hot-plug slots first on the PCI bus, with virtio devices by %s',
    (virtioBus) => {
      const { parts } = board({ slots: 2, virtioBus, rng: {}, devices: [{ id: 'toaster', plugin: 'toaster' }] });
      const ids = parts.map(({ id }) => id);
      expect(ids.filter((id) => /^slot|^toaster|^virtio|^pcie/.test(id))).toEqual([
        'slot0',
        'slot1',
        'toaster',
        'virtio0',
        'pcie',
      ]);
      expect(['slot0', 'slot9', 'slot15'].map(slotAddress)).toEqual(['0000:00:01.0', '0000:00:0a.0', '0000:00:10.0']);
    },
  );

  it.each([[{ slots: -1 }], [{ slots: 32 }], [{ slots: 1.5 }], [{ slots: 31, virtioBus: 'pci' as const, rng: {} }]])(
    'refuses slots that have no place: %o',
    (options) => {
      expect(() => board(options)).toThrow(expect.objectContaining({ code: 'VIV_BOARD_VIRTIO' }));
    },
  );

  it('has harts in reserve, which the firmware does not start', () => {
    const { parts } = board({ cpus: 2, maxCpus: 4 });
    expect(parts.find(({ id }) => id === 'cpu')?.options).toMatchObject({ harts: 4 });
    expect(parts.find(({ id }) => id === 'firmware')?.options).toMatchObject({ allotment: 2 });
  });

  it('gives each part an id of its own and plugs each serial port into its console', () => {
    const { parts } = board({ consoles: [pipeConsole('first'), pipeConsole('second')] });
    expect(new Set(parts.map(({ id }) => id)).size).toBe(parts.length);
    expect(parts.find(({ id }) => id === 'uart1')?.use).toEqual({ 'vivarium/char-backend': 'second' });
  });

  it('puts further devices before the firmware, which describes them', () => {
    const { parts, mmioWindow, interruptPool } = board({ devices: [{ id: 'toaster', plugin: 'virtual-toaster' }] });
    expect(parts.map(({ id }) => id).slice(-2)).toEqual(['toaster', 'firmware']);
    expect(mmioWindow).toEqual({ base: 0x400_0000, length: 0x200_0000, align: 4096 });
    expect(interruptPool?.controller).toBe('plic');
  });

  it.each([
    ['plic', ['plic'], 'plic'],
    ['aplic', ['aplic'], 'aplic'],
    ['aia', ['imsic', 'aplic'], 'aplic'],
  ] as const)('wires everything to the controllers of %s', (interrupts, controllers, wired) => {
    const { parts, interruptPool } = board({
      interrupts,
      virtioBus: 'pci',
      virtio: [{ id: 'toaster', plugin: 'toaster' }],
    });
    expect(parts.map(({ id }) => id).filter((id) => ['plic', 'aplic', 'imsic'].includes(id))).toEqual(controllers);
    const wires = parts.flatMap((part) => Object.values(part.interrupts ?? {}));
    expect(new Set(wires.map(({ controller }) => controller))).toEqual(new Set([wired]));
    expect(interruptPool?.controller).toBe(wired);
    const core = parts.find(({ id }) => id === 'cpu')?.options as { readonly aia?: boolean };
    expect(core.aia ?? false).toBe(interrupts === 'aia');
  });

  it('has machine-level controllers for firmware in the guest only', () => {
    const bios = { kind: 'bios', bios: kernel } as const;
    for (const [boot, levels] of [
      [{ kind: 'kernel', kernel }, ['supervisor']],
      [bios, ['supervisor', 'machine']],
    ] as const) {
      const { parts } = board({ interrupts: 'aia', boot });
      for (const id of ['imsic', 'aplic']) {
        const { options, regions } = parts.find((part) => part.id === id) ?? {};
        expect(Object.keys(regions ?? {})).toEqual(levels);
        expect((options as { readonly machine: boolean }).machine).toBe(levels.length === 2);
      }
    }
  });

  it('follows the clock that it is asked for', () => {
    const clock = (options: Partial<VirtBoardOptions>) => {
      const plugin = board(options).parts.find(({ id }) => id === 'clock')?.plugin;
      return typeof plugin === 'object' ? plugin.name : plugin;
    };
    expect(clock({})).toBe('@vivarium/clock-real');
    expect(clock({ clock: 'virtual' })).toBe('@vivarium/clock-virtual');
  });
});

describe('the memory map', () => {
  it.each([
    ['plic', ['aplicMachine', 'aplicSupervisor', 'imsicMachine', 'imsicSupervisor']],
    ['aia', ['plic']],
  ])('has no two ranges that overlap, with %s and but for the serial ports that follow the first', (_kind, absent) => {
    const { flash: _flash, ram, ...all } = MEMORY_MAP;
    const ranges = Object.entries(all).flatMap(([name, range]) => (absent.includes(name) ? [] : [range]));
    const sorted = ranges.sort((left, right) => left.base - right.base);
    for (const [index, range] of sorted.entries()) {
      expect(range.base + range.length).toBeLessThanOrEqual(sorted[index + 1]?.base ?? ram.base);
    }
  });

  it('keeps free lines apart from those that the map gives away', () => {
    const virtio = Array.from({ length: 8 }, (_, slot) => INTERRUPT_LINES.virtio + slot);
    const pcie = Array.from({ length: 4 }, (_, pin) => INTERRUPT_LINES.pcie + pin);
    const taken = [...virtio, ...INTERRUPT_LINES.uart, INTERRUPT_LINES.rtc, ...pcie];
    expect(FREE_LINES.filter((line) => taken.includes(line))).toEqual([]);
    expect(Math.max(...FREE_LINES)).toBeLessThanOrEqual(INTERRUPT_LINES.sources);
  });
});
