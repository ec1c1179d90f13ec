import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CAPABILITY_VENDOR, Endpoint } from '../src/index.ts';

const COMMAND = 4;
const STATUS = 6;
const MEMORY = 2;
const MASTER = 4;
const INTX_DISABLE = 0x400;
const MSIX_BAR = 1;

const made = () => {
  const messages: { address: bigint; data: number }[] = [];
  let level = false;
  const endpoint = new Endpoint({
    identity: { vendorId: 0x1234, deviceId: 0x5678, classCode: 0x01_0802, subsystemVendorId: 0xaa, subsystemId: 0xbb },
    bars: [{ index: 0, kind: 'memory', region: { name: 'registers', length: 0x4000, read: () => 7, write: () => {} } }],
    capabilities: [{ id: CAPABILITY_VENDOR, body: Uint8Array.of(4, 0xab) }],
    msix: { bar: MSIX_BAR, vectors: 3 },
  });
  endpoint.attach({
    interrupt: {
      set: (next) => {
        level = next;
      },
    },
    message: (address, data) => messages.push({ address, data }),
  });
  endpoint.reset();
  return { endpoint, messages, level: () => level };
};

/** Follows the list of capabilities as a driver does. */
const capabilities = (endpoint: Endpoint): ReadonlyMap<number, number> => {
  const found = new Map<number, number>();
  for (let at = endpoint.readConfig(0x34, 1); at !== 0; at = endpoint.readConfig(at + 1, 1)) {
    found.set(endpoint.readConfig(at, 1), at);
  }
  return found;
};

describe('configuration space', () => {
  it('says who the function is', () => {
    const { endpoint } = made();
    expect(endpoint.readConfig(0, 4)).toBe(0x5678_1234);
    expect(endpoint.readConfig(8, 4)).toBe(0x0108_0200);
    expect(endpoint.readConfig(0x2c, 4)).toBe(0x00bb_00aa);
    expect(endpoint.readConfig(0x3d, 1)).toBe(1);
    expect(endpoint.readConfig(STATUS, 2) & 0x10).toBe(0x10);
    expect([...capabilities(endpoint).keys()]).toEqual([CAPABILITY_VENDOR, 0x11]);
  });

  it('tells the size of a BAR, and where it was put', () => {
    const { endpoint } = made();
    endpoint.writeConfig(0x10, 4, 0xffff_ffff);
    expect(endpoint.readConfig(0x10, 4)).toBe(0xffff_c000);
    endpoint.writeConfig(0x18, 4, 0xffff_ffff);
    expect(endpoint.readConfig(0x18, 4)).toBe(0);
    endpoint.writeConfig(0x10, 4, 0x4000_4123);
    expect(endpoint.barBase(0)).toBeUndefined();
    endpoint.writeConfig(COMMAND, 2, MEMORY);
    expect(endpoint.barBase(0)).toBe(0x4000_4000);
  });

  it('survives anything that is written to it', () => {
    const width = fc.constantFrom(1, 2, 4);
    const access = fc.tuple(fc.nat(0xfff), width, fc.integer({ min: 0, max: 0xffff_ffff }));
    fc.assert(
      fc.property(fc.array(access, { maxLength: 200 }), (accesses) => {
        const { endpoint } = made();
        for (const [somewhere, wide, value] of accesses) {
          const offset = somewhere - (somewhere % wide);
          endpoint.writeConfig(offset, wide, value % 2 ** (8 * wide));
          const read = endpoint.readConfig(offset, wide);
          expect(Number.isInteger(read) && read >= 0 && read < 2 ** (8 * wide)).toBe(true);
        }
        expect(endpoint.readConfig(0, 4)).toBe(0x5678_1234);
        endpoint.reset();
        expect(endpoint.readConfig(0x10, 4)).toBe(0);
      }),
    );
  });
});

describe('interrupts', () => {
  it('go by INTA# until the driver turns it off', () => {
    const { endpoint, level } = made();
    endpoint.setInterrupt(true);
    expect(level()).toBe(true);
    expect(endpoint.readConfig(STATUS, 2) & 8).toBe(8);
    endpoint.writeConfig(COMMAND, 2, INTX_DISABLE);
    expect(level()).toBe(false);
    endpoint.writeConfig(COMMAND, 2, 0);
    expect(level()).toBe(true);
  });

  it('go by MSI-X when it is on; a masked vector waits', () => {
    const { endpoint, messages, level } = made();
    const table = endpoint.bars.find(({ index }) => index === MSIX_BAR)?.region;
    const capability = capabilities(endpoint).get(0x11) ?? 0;
    expect(endpoint.readConfig(capability + 2, 2)).toBe(2);
    for (const [offset, value] of [
      [16, 0x2800_0000],
      [20, 1],
      [24, 42],
    ] as const) {
      table?.write(offset, 4, value);
    }
    endpoint.writeConfig(COMMAND, 2, MASTER);
    endpoint.setInterrupt(true);
    endpoint.writeConfig(capability + 2, 2, 0x8000);
    expect({ messages: endpoint.usesMessages, level: level() }).toEqual({ messages: true, level: false });
    endpoint.signal(1);
    expect(messages).toEqual([]);
    expect(table?.read(0x800, 4)).toBe(2);
    table?.write(28, 4, 0);
    expect(messages).toEqual([{ address: 0x1_2800_0000n, data: 42 }]);
    expect(table?.read(0x800, 4)).toBe(0);
    endpoint.signal(1);
    endpoint.signal(99);
    expect(messages).toHaveLength(2);
    endpoint.writeConfig(capability + 2, 2, 0xc000);
    endpoint.signal(1);
    expect(messages).toHaveLength(2);
    endpoint.writeConfig(capability + 2, 2, 0x8000);
    expect(messages).toHaveLength(3);
  });

  it('send no message while the function may not be a bus master', () => {
    const { endpoint, messages } = made();
    const capability = capabilities(endpoint).get(0x11) ?? 0;
    endpoint.bars.at(-1)?.region.write(12, 4, 0);
    endpoint.writeConfig(capability + 2, 2, 0x8000);
    endpoint.signal(0);
    expect(messages).toEqual([]);
  });
});
