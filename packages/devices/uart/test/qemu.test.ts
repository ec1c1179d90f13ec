import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { type Access, playOnQemu } from './qtest.ts';
import { makeRig } from './rig.ts';

const write = (offset: number, value: number): Access => ({ kind: 'write', offset, value });
const read = (offset: number): Access => ({ kind: 'read', offset });

const byte = fc.nat(0xff);

/**
 * What a driver may do, without what QEMU has not: breaks, modem status deltas, and, while its time stands still, the
 * receive time-out, so the trigger level is 1. A FIFO reset there may raise THRE, so it comes with the interrupt off.
 */
const action: fc.Arbitrary<readonly Access[]> = fc.oneof(
  byte.map((value) => [write(r.THR, value)]),
  byte.map((value) => [write(r.THR, value), write(r.THR, value ^ 1), write(r.THR, value ^ 2)]),
  fc.nat(r.IER_ERBFI | r.IER_ETBEI | r.IER_ELSI).map((value) => [write(r.IER, value)]),
  fc
    .constantFrom(0, r.FCR_RCVR_RESET, r.FCR_XMIT_RESET, r.FCR_RCVR_RESET | r.FCR_XMIT_RESET)
    .map((value) => [write(r.IER, 0), write(r.FCR, r.FCR_ENABLE | value)]),
  fc.constant([write(r.IER, 0), write(r.FCR, 0)]),
  fc.nat(0x3f).map((value) => [write(r.LCR, value)]),
  byte.map((value) => [write(r.MCR, value)]),
  byte.map((value) => [write(r.MCR, value | r.MCR_LOOP)]),
  byte.map((value) => [write(r.SCR, value), read(r.SCR)]),
  fc
    .tuple(byte, byte)
    .map(([low, high]) => [
      write(r.LCR, r.LCR_DLAB),
      write(r.DLL, low | 1),
      write(r.DLM, high),
      read(r.DLL),
      read(r.DLM),
      write(r.LCR, 3),
    ]),
  fc.constantFrom(r.IER, r.IIR, r.LCR, r.MCR, r.LSR, r.MSR).map((offset) => [read(offset)]),
  fc.constant([read(r.RBR)]),
);

/** What of a register both have. */
const COMPARED: Readonly<Record<number, number>> = { [r.MSR]: r.MSR_LINES };

describe('the UART beside that of QEMU', () => {
  it('answers the same to tens of thousands of accesses', async () => {
    const rig = makeRig();
    const accesses: Access[] = [];
    const answers: { readonly offset: number; readonly value: number; readonly index: number }[] = [];
    let ready = false;
    for (const sequence of fc.sample(fc.array(action, { minLength: 10, maxLength: 30 }), {
      numRuns: 500,
      seed: 16550,
    })) {
      // What is pending is looked at between any two actions, twice, for reading it may clear it.
      for (const access of sequence.flatMap((one) => [...one, read(r.IIR), read(r.IIR), read(r.LSR)])) {
        // From an empty receiver QEMU repeats the last character, and we give 0; the datasheet says nothing.
        if (access.kind === 'read' && access.offset === r.RBR && !ready) continue;
        if (access.kind === 'write') rig.write(access.offset, access.value);
        else answers.push({ offset: access.offset, value: rig.read(access.offset), index: accesses.length });
        accesses.push(access);
        ready = rig.uart.capture().received.length > 0;
      }
    }
    const expected = await playOnQemu(accesses);
    expect(expected.length).toBe(answers.length);
    expect(answers.length).toBeGreaterThan(20_000);
    answers.forEach(({ offset, value, index }, position) => {
      const mask = COMPARED[offset] ?? 0xff;
      const before = accesses.slice(Math.max(0, index - 20), index + 1);
      expect(value & mask, `answer ${position}, after ${JSON.stringify(before)}`).toBe(
        (expected[position] ?? -1) & mask,
      );
    });
  });
});
