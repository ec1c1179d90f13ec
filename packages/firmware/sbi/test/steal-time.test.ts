import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeMachine, MIB, RAM } from './fake-machine.ts';
import { ALL, INVALID_ADDRESS, INVALID_PARAM, NOT_SUPPORTED, STA, SUCCESS } from './sbi-numbers.ts';

const SHMEM = BigInt(RAM + MIB);

/** What hart 0 reads. */
const shared = (machine: FakeMachine, address = SHMEM) => {
  const view = new DataView(machine.memory.read(Number(address), 64)?.buffer as ArrayBuffer);
  const rest = new Uint8Array(view.buffer, 16);
  return {
    sequence: view.getUint32(0, true),
    flags: view.getUint32(4, true),
    steal: view.getBigUint64(8, true),
    clear: rest.every((byte) => byte === 0),
  };
};

describe('steal time', () => {
  it('is what a hart waited since it asked', () => {
    const machine = new FakeMachine().boot();
    const { stealTime } = machine.firmware;
    machine.memory.write(Number(SHMEM), new Uint8Array(64).fill(0xff));
    stealTime.report(0, 1000);
    expect(machine.call(STA, 0, [SHMEM, 0n, 0n])).toEqual([SUCCESS, 0n]);
    expect(shared(machine)).toEqual({ sequence: 0, flags: 0, steal: 0n, clear: true });
    stealTime.report(0, 1500);
    stealTime.report(1, 7_000_000);
    expect(shared(machine)).toEqual({ sequence: 2, flags: 0, steal: 500n, clear: true });
    stealTime.report(0, 1500);
    stealTime.report(0, 20);
    expect(shared(machine)).toMatchObject({ sequence: 2, steal: 500n });
    stealTime.report(0, 2 ** 52);
    expect(shared(machine)).toMatchObject({ sequence: 4, steal: 2n ** 52n - 1000n });
  });

  it('is of each hart by itself, and ends when it is asked to, and with a reset', () => {
    const machine = new FakeMachine().boot();
    const { stealTime } = machine.firmware;
    machine.call(STA, 0, [SHMEM, 0n, 0n], 0);
    machine.call(STA, 0, [SHMEM + 64n, 0n, 0n], 1);
    stealTime.report(0, 5);
    stealTime.report(1, 6);
    expect([shared(machine).steal, shared(machine, SHMEM + 64n).steal]).toEqual([5n, 6n]);
    expect(machine.call(STA, 0, [ALL, ALL, 0n], 0)).toEqual([SUCCESS, 0n]);
    stealTime.report(0, 50);
    expect(shared(machine).steal).toBe(5n);
    machine.firmware.reset();
    stealTime.report(1, 60);
    expect(shared(machine, SHMEM + 64n).steal).toBe(6n);
  });

  it.each([
    ['flags', [SHMEM, 0n, 1n], INVALID_PARAM],
    ['an address that is not aligned', [SHMEM + 8n, 0n, 0n], INVALID_PARAM],
    ['half of the address that turns it off', [ALL, 0n, 0n], INVALID_PARAM],
    ['an address beyond RAM', [0x1000n, 0n, 0n], INVALID_ADDRESS],
    ['an address beyond 64 bits', [SHMEM, 1n, 0n], INVALID_ADDRESS],
    ['the end of RAM', [BigInt(RAM + 16 * MIB), 0n, 0n], INVALID_ADDRESS],
  ])('refuses %s', (_, args, error) => {
    const machine = new FakeMachine().boot();
    expect(machine.call(STA, 0, args)).toEqual([error, 0n]);
    expect(machine.call(STA, 1, args)[0]).toBe(NOT_SUPPORTED);
  });

  it('takes whatever a guest passes and does to the memory, and writes nowhere else', () => {
    const word = fc.oneof(fc.bigInt(0n, ALL), fc.constantFrom(0n, ALL, SHMEM, SHMEM + 64n));
    fc.assert(
      fc.property(fc.array(fc.tuple(word, word, word, fc.nat(2 ** 40)), { maxLength: 20 }), (calls) => {
        const machine = new FakeMachine({ memory: 16 * MIB }).boot();
        const before = machine.memory.bytes.slice(0, MIB);
        for (const [low, high, flags, stolen] of calls) {
          machine.call(STA, 0, [low, high, flags]);
          machine.firmware.stealTime.report(0, stolen);
          machine.memory.write(Number(SHMEM), new Uint8Array(16).fill(0xee));
        }
        expect(Buffer.compare(before, machine.memory.bytes.subarray(0, MIB))).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});
