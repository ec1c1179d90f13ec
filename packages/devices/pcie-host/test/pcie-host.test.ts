import { bind, PciFunctionToken, type SystemBus, SystemBusToken } from '@vivarium/contracts';
import { Endpoint } from '@vivarium/pci';
import { deviceSuite, setupPart } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { pcieHost } from '../src/index.ts';

const lines = [32, 33, 34, 35].map((line) => ({ controller: 'plic', line }));
const options = {
  ecam: 0x3000_0000,
  memory: { base: 0x4000_0000, length: 0x4000_0000 },
  io: { base: 0x300_0000, length: 0x1_0000 },
  interrupts: lines,
};
const ALL_ONES = 0xffff_ffff;

const lamp = (deviceId: number) => {
  let value = deviceId;
  const write = (_offset: number, _width: number, next: number): void => {
    value = next;
  };
  return new Endpoint({
    identity: { vendorId: 0x1234, deviceId, classCode: 0xff_0000 },
    bars: [
      { index: 0, kind: 'memory', region: { name: 'lamp', length: 0x1000, read: () => value, write } },
      { index: 1, kind: 'io', region: { name: 'port', length: 0x10, read: () => value, write } },
    ],
  });
};

const bus: SystemBus = {
  placements: [],
  interrupts: [],
  read: () => -1,
  write: () => false,
  read64: () => undefined,
  write64: () => false,
};

const made = async (...functions: readonly Endpoint[]) => {
  const part = await setupPart(pcieHost, {
    options,
    provide: [bind(SystemBusToken, bus), ...functions.map((each) => bind(PciFunctionToken, each))],
  });
  const region = (name: string) => {
    const found = part.device.regions.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no region ${name}`);
    return found;
  };
  part.device.reset();
  return { ...part, ecam: region('ecam'), memory: region('memory'), io: region('io'), interrupt: part.interrupt };
};

describe('the host bridge', () => {
  it.each(deviceSuite(() => made(lamp(1))))('$title', ({ run }) => expect(run()).resolves.toBeUndefined());

  it('describes wires of one and of two cells, and who takes messages', async () => {
    const map = async (more: object) => {
      const { device } = await setupPart(pcieHost, {
        options: { ...options, ...more },
        provide: [bind(SystemBusToken, bus)],
      });
      return device.deviceTree?.properties ?? {};
    };
    const plain = await map({});
    expect(plain['interrupt-map']).toEqual(expect.objectContaining({ length: 16 * 6 }));
    expect(plain['msi-parent']).toBeUndefined();
    const advanced = await map({
      interrupts: lines.map(({ line }) => ({ controller: 'aplic', line, trigger: 4 })),
      messages: 'imsic',
    });
    const cells = advanced['interrupt-map'] as readonly unknown[];
    expect(cells.slice(0, 14)).toEqual([
      0,
      0,
      0,
      1,
      { phandle: 'aplic' },
      32,
      4,
      0,
      0,
      0,
      2,
      { phandle: 'aplic' },
      33,
      4,
    ]);
    expect(cells.length).toBe(16 * 7);
    expect(advanced['msi-parent']).toEqual([{ phandle: 'imsic' }]);
  });

  it('carries messages of functions out as writes to the bus, wherever they are sent', async () => {
    const card = new Endpoint({
      identity: { vendorId: 0x1234, deviceId: 1, classCode: 0xff_0000 },
      msix: { bar: 1, vectors: 1 },
    });
    const written: (readonly number[])[] = [];
    const write: SystemBus['write'] = (...access) => {
      written.push(access);
      return false;
    };
    const { device } = await setupPart(pcieHost, {
      options,
      provide: [bind(SystemBusToken, { ...bus, write }), bind(PciFunctionToken, card)],
    });
    device.reset();
    const table = card.bars.find(({ index }) => index === 1)?.region;
    const send = (address: bigint, data: number): void => {
      for (const [word, value] of [Number(address & 0xffff_ffffn), Number(address >> 32n), data, 0].entries()) {
        table?.write(4 * word, 4, value);
      }
      card.signal(0);
    };
    card.writeConfig(4, 2, 4);
    card.writeConfig(card.readConfig(0x34, 1) + 2, 2, 0x8000);
    send(0x2800_1000n, 7);
    send(0x2800_0002n, 0xffff_ffff);
    send(2n ** 64n - 4n, 1);
    // What cannot be an address of a machine goes nowhere; what is not aligned is the bus's to refuse.
    expect(written).toEqual([
      [0x2800_1000, 4, 7],
      [0x2800_0002, 4, 0xffff_ffff],
    ]);
  });

  it('finds itself at device 0, the functions behind it, and nothing else', async () => {
    const { ecam } = await made(lamp(1), lamp(2));
    expect(ecam.read(0, 4)).toBe(0x0008_1b36);
    expect(ecam.read(1 << 15, 4)).toBe(0x0001_1234);
    expect(ecam.read(2 << 15, 4)).toBe(0x0002_1234);
    for (const nowhere of [3 << 15, 1 << 12, 1 << 20, (1 << 20) | (1 << 15)])
      expect(ecam.read(nowhere, 4)).toBe(ALL_ONES);
  });

  it('decodes BARs where they were put, each in its space', async () => {
    const { ecam, memory, io } = await made(lamp(1), lamp(2));
    for (const [device, base] of [
      [1, 0x4000_0000],
      [2, 0x4000_1000],
    ] as const) {
      ecam.write((device << 15) | 0x10, 4, base);
      ecam.write((device << 15) | 0x14, 4, 0x100 * device);
      ecam.write((device << 15) | 4, 2, 3);
    }
    expect([memory.read(0, 4), memory.read(0x1000, 4), memory.read(0x2000, 4)]).toEqual([1, 2, ALL_ONES]);
    expect([io.read(0x100, 4), io.read(0x200, 4), io.read(0, 4)]).toEqual([1, 2, ALL_ONES]);
    memory.write(0x1000, 4, 77);
    expect(memory.read(0x1ffc, 4)).toBe(77);
  });

  it('leaves the buses behind a bridge to it', async () => {
    const asked: (readonly unknown[])[] = [];
    const behind = lamp(9);
    const region = behind.bars[0]?.region;
    const bridge = Object.assign(lamp(1), {
      bridge: {
        function: (...where: readonly number[]) => {
          asked.push(where);
          return where[0] === 3 && where[1] === 31 ? behind : undefined;
        },
        target: (kind: string, address: number) =>
          kind === 'memory' && address === 0x4000_0010 && region !== undefined ? { region, at: 4 } : undefined,
      },
    });
    const { ecam, memory, io } = await made(bridge, lamp(2));
    expect(ecam.read((3 << 20) | (31 << 15), 4)).toBe(0x0009_1234);
    expect(ecam.read((255 << 20) | (1 << 15), 4)).toBe(ALL_ONES);
    expect(ecam.read((3 << 20) | (31 << 15) | (1 << 12), 4)).toBe(ALL_ONES);
    expect(asked).toEqual([
      [3, 31],
      [255, 1],
    ]);
    expect([memory.read(0x10, 4), memory.read(0x20, 4), io.read(0x10, 4)]).toEqual([9, ALL_ONES, ALL_ONES]);
  });

  it('E14 lets the first function win where two BARs overlap', async () => {
    const { ecam, memory } = await made(lamp(1), lamp(2));
    for (const device of [1, 2]) {
      ecam.write((device << 15) | 0x10, 4, 0x4000_0000);
      ecam.write((device << 15) | 4, 2, 2);
    }
    expect(memory.read(0, 4)).toBe(1);
    ecam.write((1 << 15) | 4, 2, 0);
    expect(memory.read(0, 4)).toBe(2);
  });

  it('turns INTA# of each device to another pin, and shares pins', async () => {
    const functions = Array.from({ length: 5 }, (_, index) => lamp(index + 1));
    const { interrupt } = await made(...functions);
    functions[0]?.setInterrupt(true);
    functions[4]?.setInterrupt(true);
    expect(['inta', 'intb', 'intc', 'intd'].map((name) => interrupt(name).level)).toEqual([false, true, false, false]);
    functions[0]?.setInterrupt(false);
    expect(interrupt('intb').level).toBe(true);
    functions[4]?.setInterrupt(false);
    expect(interrupt('intb').level).toBe(false);
  });
});
