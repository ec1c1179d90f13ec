import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeMachine, FakeUart, MIB, RAM } from './fake-machine.ts';
import {
  ALL,
  ALREADY_AVAILABLE,
  BASE,
  DBCN,
  DENIED,
  DENIED_LOCKED,
  FAILED,
  FWFT,
  HSM,
  INVALID_ADDRESS,
  INVALID_PARAM,
  IPI,
  NOT_SUPPORTED,
  RFENCE,
  SRST,
  STA,
  SUCCESS,
  TIME,
} from './sbi-numbers.ts';

describe('base', () => {
  it('tells versions, ids and what is there', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(BASE, 0)).toEqual([SUCCESS, 0x0300_0000n]);
    expect(machine.call(BASE, 1)).toEqual([SUCCESS, 0x766976n]);
    expect([4, 5, 6].map((id) => machine.call(BASE, id)[1])).toEqual([7n, 8n, 9n]);
    for (const id of [BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, STA, FWFT, 0, 1, 2, 3, 4, 5, 6, 7, 8]) {
      expect(machine.call(BASE, 3, [id])).toEqual([SUCCESS, 1n]);
    }
    for (const id of [9, 0x504d55, 0x53555350, ALL]) {
      expect(machine.call(BASE, 3, [id])).toEqual([SUCCESS, 0n]);
    }
    expect(machine.call(BASE, 7)[0]).toBe(NOT_SUPPORTED);
  });

  it('does not know other extensions', () => {
    expect(new FakeMachine().boot().call(0xabcdef, 0)).toEqual([NOT_SUPPORTED, 0n]);
  });
});

describe('time', () => {
  it('writes the comparator of the calling hart', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(TIME, 0, [ALL - 5n], 1)[0]).toBe(SUCCESS);
    expect(machine.hart(1).readRegister('stimecmp')).toBe(ALL - 5n);
    expect(machine.call(TIME, 1)[0]).toBe(NOT_SUPPORTED);
  });
});

describe('interrupts between harts', () => {
  const booted = () => {
    const machine = new FakeMachine().boot();
    machine.hart(2).start(0n, 0n);
    return machine;
  };
  const pending = (machine: FakeMachine) => machine.harts.map((hart) => (hart.readRegister('mip') ?? 0n) & 2n);

  it('raises them on the running harts of a mask', () => {
    const machine = booted();
    expect(machine.call(IPI, 0, [0b110, 0])[0]).toBe(SUCCESS);
    expect(pending(machine)).toEqual([0n, 0n, 2n]);
    expect(machine.call(IPI, 0, [0, ALL])[0]).toBe(SUCCESS);
    expect(pending(machine)).toEqual([2n, 0n, 2n]);
    expect(machine.call(IPI, 0, [1, 1])[0]).toBe(SUCCESS);
  });

  it('refuses a mask with a hart that does not exist, and then raises none', () => {
    const machine = booted();
    expect(machine.call(IPI, 0, [0b1001, 0])[0]).toBe(INVALID_PARAM);
    expect(machine.call(IPI, 0, [1, 3])[0]).toBe(INVALID_PARAM);
    expect(machine.call(IPI, 0, [1, ALL - 1n])[0]).toBe(INVALID_PARAM);
    expect(machine.call(IPI, 0, [0, 99])[0]).toBe(INVALID_PARAM);
    expect(pending(machine)).toEqual([0n, 0n, 0n]);
    expect(machine.call(IPI, 1)[0]).toBe(NOT_SUPPORTED);
  });

  it('does not turn the level of an input into a pending bit that stays', () => {
    const machine = booted();
    machine.hart(2).inputs = 1n << 9n;
    machine.call(IPI, 0, [0b100, 0]);
    machine.hart(2).inputs = 0n;
    expect(machine.hart(2).readRegister('mip')).toBe(2n);
  });
});

describe('remote fences', () => {
  it('reach the harts of the mask with their range and address space', () => {
    const machine = new FakeMachine().boot();
    const diary = machine.hart(1).fences;
    expect(machine.call(RFENCE, 0, [2, 0])[0]).toBe(SUCCESS);
    expect(machine.call(RFENCE, 1, [2, 0, 0x1000, 0x2000])[0]).toBe(SUCCESS);
    expect(machine.call(RFENCE, 2, [2, 0, 0x1000, 0x2000, 0x1_0007])[0]).toBe(SUCCESS);
    expect(machine.call(RFENCE, 1, [1, 1, 0, 0])[0]).toBe(SUCCESS);
    expect(machine.call(RFENCE, 1, [1, 1, 0x5000, ALL])[0]).toBe(SUCCESS);
    const range = { address: 0x1000n, length: 0x2000n };
    expect(diary).toEqual([
      { kind: 'code' },
      { kind: 'translations', range },
      { kind: 'translations', range, addressSpace: 7 },
      { kind: 'translations' },
      { kind: 'translations' },
    ]);
    expect(machine.hart(2).fences).toEqual([]);
  });

  it('are refused for harts that do not exist, and for guests of guests', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(RFENCE, 1, [8, 0, 0, 0])[0]).toBe(INVALID_PARAM);
    expect(machine.call(RFENCE, 4, [1, 0, 0, 0])[0]).toBe(NOT_SUPPORTED);
  });
});

describe('hart states', () => {
  it('refuses harts that are not allotted, and starts them once they are', () => {
    const machine = new FakeMachine({ options: { allotment: 2 } }).boot();
    const start = (hart: number) => machine.call(HSM, 0, [hart, RAM + 0x100, 0])[0];
    expect([start(1), start(2)]).toEqual([SUCCESS, INVALID_PARAM]);
    expect(machine.call(HSM, 2, [2])).toEqual([SUCCESS, 1n]);
    machine.firmware.allotment.allot(3);
    expect(start(2)).toBe(SUCCESS);
    // What runs goes on until the guest stops it.
    machine.firmware.allotment.allot(1);
    expect(machine.call(HSM, 2, [2])).toEqual([SUCCESS, 0n]);
    expect(start(1)).toBe(INVALID_PARAM);
  });

  it.each([0, -1, 4, 1.5])('cannot be allotted for %d of three harts', (count) => {
    const { firmware } = new FakeMachine().boot();
    expect(() => firmware.allotment.allot(count)).toThrow(expect.objectContaining({ code: 'VIV_SBI_ALLOTMENT' }));
    expect(firmware.allotment.count).toBe(3);
  });

  it('starts a stopped hart in S-mode with its id and the argument', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(HSM, 2, [1])).toEqual([SUCCESS, 1n]);
    expect(machine.call(HSM, 0, [1, RAM + 0x100, 0xabcd])[0]).toBe(SUCCESS);
    expect(machine.call(HSM, 2, [1])).toEqual([SUCCESS, 0n]);
    const hart = machine.hart(1);
    expect([hart.readRegister('pc'), hart.readRegister('a0'), hart.readRegister('a1')]).toEqual([
      BigInt(RAM + 0x100),
      1n,
      0xabcdn,
    ]);
    expect(machine.call(HSM, 0, [1, RAM, 0])[0]).toBe(ALREADY_AVAILABLE);
  });

  it('refuses wrong harts and wrong addresses', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(HSM, 0, [9, RAM, 0])[0]).toBe(INVALID_PARAM);
    expect(machine.call(HSM, 2, [ALL])[0]).toBe(INVALID_PARAM);
    for (const address of [0x1000, RAM + 1, RAM + 16 * MIB, ALL]) {
      expect(machine.call(HSM, 0, [1, address, 0])[0]).toBe(INVALID_ADDRESS);
    }
    expect(machine.hart(1).running).toBe(false);
    expect(machine.call(HSM, 4)[0]).toBe(NOT_SUPPORTED);
  });

  it('stops the calling hart without an answer', () => {
    const machine = new FakeMachine().boot();
    const [a0] = machine.call(HSM, 1, [77]);
    expect(machine.hart(0).running).toBe(false);
    expect(a0).toBe(77n);
  });

  it('wakes from suspend at once: in place, or at the address given', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(HSM, 3, [0, 0, 0])[0]).toBe(SUCCESS);
    machine.call(HSM, 3, [0x8000_0000, RAM + 8, 5]);
    const hart = machine.hart(0);
    expect([hart.readRegister('pc'), hart.readRegister('a0'), hart.readRegister('a1')]).toEqual([
      BigInt(RAM + 8),
      0n,
      5n,
    ]);
    expect(machine.call(HSM, 3, [0x8000_0000, 3, 5])[0]).toBe(INVALID_ADDRESS);
    expect(machine.call(HSM, 3, [1, 0, 0])[0]).toBe(INVALID_PARAM);
    expect(machine.call(HSM, 3, [0x9000_0000, RAM, 0])[0]).toBe(NOT_SUPPORTED);
  });
});

describe('system reset', () => {
  it('asks for power off, reboot, or the end with a failure', () => {
    const machine = new FakeMachine().boot();
    for (const args of [
      [0, 0],
      [1, 0],
      [2, 1],
      [0, 1],
      [0, 0xe000_0000],
    ]) {
      machine.call(SRST, 0, args);
    }
    expect(machine.requests).toEqual([
      { kind: 'power-off' },
      { kind: 'reboot' },
      { kind: 'reboot' },
      { kind: 'failure', code: 1 },
      { kind: 'power-off' },
    ]);
    expect(machine.hart(0).yields).toBe(5);
  });

  it('refuses reserved types and reasons', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(SRST, 0, [3, 0])[0]).toBe(INVALID_PARAM);
    expect(machine.call(SRST, 0, [0, 2])[0]).toBe(INVALID_PARAM);
    expect(machine.call(SRST, 0, [0xf000_0000, 0])[0]).toBe(NOT_SUPPORTED);
    expect(machine.call(SRST, 1)[0]).toBe(NOT_SUPPORTED);
    expect(machine.requests).toEqual([]);
  });
});

describe('debug console', () => {
  const booted = (uart: FakeUart) => new FakeMachine({ uart }).boot();

  it('writes guest memory to the UART, as much as it takes', () => {
    const uart = new FakeUart();
    const machine = booted(uart);
    machine.memory.write(RAM + 64, new TextEncoder().encode('hello'));
    expect(machine.call(DBCN, 0, [5, RAM + 64, 0])).toEqual([SUCCESS, 5n]);
    uart.room = 2;
    expect(machine.call(DBCN, 0, [5, RAM + 64, 0])).toEqual([SUCCESS, 2n]);
    expect(machine.call(DBCN, 0, [5, RAM + 64, 0])).toEqual([SUCCESS, 0n]);
    expect(machine.call(DBCN, 2, [0x121])[0]).toBe(FAILED);
    uart.room = 1;
    expect(machine.call(DBCN, 2, [0x121])[0]).toBe(SUCCESS);
    expect(uart.output).toBe('hellohe!');
  });

  it('starts a new line at its left', () => {
    const uart = new FakeUart();
    const machine = booted(uart);
    machine.memory.write(RAM + 64, new TextEncoder().encode('a\nb'));
    expect(machine.call(DBCN, 0, [3, RAM + 64, 0])).toEqual([SUCCESS, 3n]);
    expect(uart.output).toBe('a\r\nb');
  });

  it('reads what has been typed', () => {
    const uart = new FakeUart();
    const machine = booted(uart);
    uart.input = [0x61, 0x62, 0x63];
    expect(machine.call(DBCN, 1, [2, RAM, 0])).toEqual([SUCCESS, 2n]);
    expect(machine.call(DBCN, 1, [8, RAM + 2, 0])).toEqual([SUCCESS, 1n]);
    expect(machine.call(DBCN, 1, [8, RAM, 0])).toEqual([SUCCESS, 0n]);
    expect(machine.memory.read(RAM, 3)).toEqual(new TextEncoder().encode('abc'));
  });

  it('bounds every pointer and the length of a transfer', () => {
    const uart = new FakeUart();
    const machine = booted(uart);
    for (const args of [
      [5, 0x1000, 0],
      [5, RAM, 1],
      [32 * MIB, RAM, 0],
      [ALL, RAM, 0],
      [5, RAM + 16 * MIB - 4, 0],
    ]) {
      expect(machine.call(DBCN, 0, args)[0]).toBe(INVALID_PARAM);
      expect(machine.call(DBCN, 1, args)[0]).toBe(INVALID_PARAM);
    }
    expect(machine.call(DBCN, 0, [0, 0, 0])).toEqual([SUCCESS, 0n]);
    expect(uart.output).toBe('');
    expect(machine.call(DBCN, 0, [16 * MIB, RAM, 0])).toEqual([SUCCESS, 4096n]);
    expect(machine.call(DBCN, 3)[0]).toBe(NOT_SUPPORTED);
  });

  it('is absent on a machine without a UART', () => {
    const machine = new FakeMachine({ uart: undefined }).boot();
    expect(machine.call(BASE, 3, [DBCN])).toEqual([SUCCESS, 0n]);
    expect(machine.call(BASE, 3, [1])).toEqual([SUCCESS, 0n]);
    expect(machine.call(DBCN, 2, [65])[0]).toBe(NOT_SUPPORTED);
  });
});

describe('firmware features', () => {
  const ADUE = 1n << 61n;

  it('turns hardware updates of A and D bits on and off', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(FWFT, 1, [4])).toEqual([SUCCESS, 0n]);
    expect(machine.call(FWFT, 0, [4, 1, 0])[0]).toBe(SUCCESS);
    expect((machine.hart(0).readRegister('menvcfg') ?? 0n) & ADUE).toBe(ADUE);
    expect((machine.hart(1).readRegister('menvcfg') ?? 0n) & ADUE).toBe(0n);
    expect(machine.call(FWFT, 1, [4])).toEqual([SUCCESS, 1n]);
    expect(machine.call(FWFT, 0, [4, 0, 0])[0]).toBe(SUCCESS);
    expect(machine.call(FWFT, 1, [4])).toEqual([SUCCESS, 0n]);
  });

  it('locks a feature of one hart until reset', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(FWFT, 0, [4, 1, 1])[0]).toBe(SUCCESS);
    expect(machine.call(FWFT, 0, [4, 0, 0])[0]).toBe(DENIED_LOCKED);
    expect(machine.call(FWFT, 0, [4, 0, 0], 1)[0]).toBe(SUCCESS);
    machine.firmware.reset();
    expect(machine.call(FWFT, 0, [4, 0, 0])[0]).toBe(SUCCESS);
  });

  it('delegates misaligned accesses always', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(FWFT, 1, [0])).toEqual([SUCCESS, 1n]);
    expect(machine.call(FWFT, 0, [0, 1, 0])[0]).toBe(SUCCESS);
    expect(machine.call(FWFT, 0, [0, 0, 0])[0]).toBe(NOT_SUPPORTED);
  });

  it('refuses what it does not have, reserved features, values and flags', () => {
    const machine = new FakeMachine().boot();
    expect(machine.call(FWFT, 0, [2, 1, 0])[0]).toBe(NOT_SUPPORTED);
    expect(machine.call(FWFT, 1, [5])[0]).toBe(NOT_SUPPORTED);
    expect(machine.call(FWFT, 0, [6, 1, 0])[0]).toBe(DENIED);
    expect(machine.call(FWFT, 1, [0xc000_0000])[0]).toBe(DENIED);
    expect(machine.call(FWFT, 0, [4, 2, 0])[0]).toBe(INVALID_PARAM);
    expect(machine.call(FWFT, 0, [4, 1, 2])[0]).toBe(INVALID_PARAM);
    expect(machine.call(FWFT, 2)[0]).toBe(NOT_SUPPORTED);
  });
});

describe('legacy calls', () => {
  it('return in a0 alone', () => {
    const uart = new FakeUart();
    uart.input = [0x7a];
    const machine = new FakeMachine({ uart }).boot();
    expect(machine.call(1, 0, [0x41, 99])).toEqual([0n, 99n]);
    expect(uart.output).toBe('A');
    expect(machine.call(2, 0, [0, 99])).toEqual([0x7an, 99n]);
    expect(machine.call(2, 0)[0]).toBe(-1n);
    expect(machine.call(0, 0, [1234])[0]).toBe(0n);
    expect(machine.hart(0).readRegister('stimecmp')).toBe(1234n);
  });

  it('take hart masks from memory', () => {
    const machine = new FakeMachine().boot();
    machine.hart(1).start(0n, 0n);
    machine.memory.write(RAM, new Uint8Array([2, 0, 0, 0, 0, 0, 0, 0]));
    expect(machine.call(4, 0, [RAM])[0]).toBe(0n);
    expect(machine.harts.map((hart) => hart.readRegister('mip'))).toEqual([0n, 2n, 0n]);
    expect(machine.call(3, 0, [], 1)[0]).toBe(1n);
    expect(machine.call(3, 0, [], 1)[0]).toBe(0n);
    expect(machine.call(5, 0, [RAM])[0]).toBe(0n);
    expect(machine.call(6, 0, [RAM, 0x1000, 0x1000])[0]).toBe(0n);
    expect(machine.call(7, 0, [0, 0x1000, 0x1000, 3])[0]).toBe(0n);
    expect(machine.hart(1).fences).toHaveLength(3);
    expect(machine.call(4, 0, [0x1000])[0]).toBe(INVALID_ADDRESS);
    machine.memory.write(RAM, new Uint8Array([0xff, 0, 0, 0, 0, 0, 0, 0]));
    expect(machine.call(4, 0, [RAM])[0]).toBe(INVALID_PARAM);
  });

  it('power off', () => {
    const machine = new FakeMachine().boot();
    machine.call(8, 0);
    expect(machine.requests).toEqual([{ kind: 'power-off' }]);
  });
});

describe('any call', () => {
  it('is answered without a throw, whatever the registers hold', () => {
    const word = fc.oneof(
      fc.bigInt({ min: 0n, max: ALL }),
      fc.constantFrom(0n, 1n, ALL, BigInt(RAM), BigInt(RAM + 16 * MIB - 1), 1n << 63n, 0xffff_ffffn),
    );
    const extension = fc.oneof(
      fc.constantFrom(BASE, TIME, IPI, RFENCE, HSM, SRST, DBCN, STA, FWFT, 0, 1, 2, 3, 4, 5, 6, 7, 8).map(BigInt),
      word,
    );
    const machine = new FakeMachine().boot();
    fc.assert(
      fc.property(
        extension,
        fc.oneof(fc.bigInt({ min: 0n, max: 8n }), word),
        fc.array(word, { minLength: 6, maxLength: 6 }),
        (id, functionId, args) => {
          expect(() => machine.call(id, functionId, args, 0)).not.toThrow();
        },
      ),
      { numRuns: 5000 },
    );
  });
});
