import { describe, expect, it } from 'vitest';
import * as r from '../src/registers.ts';
import { makeRig } from './rig.ts';

const ENABLE_TRIGGER_8 = r.FCR_ENABLE | (2 << r.FCR_TRIGGER_SHIFT);

describe('receiving without FIFOs', () => {
  it('holds one character and leaves the rest with the backend', () => {
    const { backend, read } = makeRig();
    expect(read(r.LSR) & r.LSR_DR).toBe(0);
    backend.type(0x41, 0x42, 0x43);
    expect(backend.queued).toEqual([0x42, 0x43]);
    expect(read(r.LSR) & r.LSR_DR).toBe(r.LSR_DR);
    expect([read(r.RBR), read(r.RBR), read(r.RBR)]).toEqual([0x41, 0x42, 0x43]);
    expect(read(r.LSR) & r.LSR_DR).toBe(0);
    expect(read(r.RBR)).toBe(0);
  });

  it('interrupts while a character is there and enabled', () => {
    const { backend, line, read, write } = makeRig();
    backend.type(1);
    expect(line.level).toBe(false);
    write(r.IER, r.IER_ERBFI);
    expect(line.level).toBe(true);
    expect(read(r.IIR)).toBe(r.IIR_DATA_AVAILABLE);
    read(r.RBR);
    expect(line.level).toBe(false);
    expect(read(r.IIR)).toBe(r.IIR_NONE);
  });
});

describe('receiving with FIFOs', () => {
  it.each([
    [0, 1],
    [1, 4],
    [2, 8],
    [3, 14],
  ])('trigger setting %i means %i characters; below it the time-out reports', (setting, level) => {
    const { backend, line, read, write } = makeRig();
    write(r.IER, r.IER_ERBFI);
    write(r.FCR, r.FCR_ENABLE | (setting << r.FCR_TRIGGER_SHIFT));
    for (let count = 1; count < level; count += 1) {
      backend.type(count);
      expect(read(r.IIR)).toBe(r.IIR_FIFOS_ENABLED | r.IIR_CHARACTER_TIMEOUT);
    }
    backend.type(level);
    expect(read(r.IIR)).toBe(r.IIR_FIFOS_ENABLED | r.IIR_DATA_AVAILABLE);
    expect(line.level).toBe(true);
    for (let count = 1; count <= level; count += 1) expect(read(r.RBR)).toBe(count);
    expect(line.level).toBe(false);
  });

  it('takes 16 characters and loses none of a long paste', () => {
    const { backend, read, write } = makeRig();
    write(r.FCR, ENABLE_TRIGGER_8);
    const paste = Array.from({ length: 1000 }, (_, index) => index & 0xff);
    backend.type(...paste);
    expect(backend.queued.length).toBe(1000 - 16);
    const got: number[] = [];
    while ((read(r.LSR) & r.LSR_DR) !== 0) got.push(read(r.RBR));
    expect(got).toEqual(paste);
    expect(read(r.LSR) & r.LSR_OE).toBe(0);
  });

  it('asks the backend again only when it left something there', () => {
    const { backend, read, write } = makeRig();
    write(r.FCR, ENABLE_TRIGGER_8);
    backend.type(1, 2, 3);
    read(r.RBR);
    read(r.RBR);
    read(r.RBR);
    expect(backend.resumed).toBe(0);
  });

  it('drops what it holds on RCVR reset and when the FIFOs are switched', () => {
    const { backend, read, write } = makeRig();
    write(r.FCR, ENABLE_TRIGGER_8);
    backend.type(1, 2);
    write(r.FCR, ENABLE_TRIGGER_8 | r.FCR_RCVR_RESET);
    expect(read(r.LSR) & r.LSR_DR).toBe(0);
    backend.type(3, 4);
    write(r.FCR, 0);
    expect(read(r.LSR) & r.LSR_DR).toBe(0);
    expect(read(r.IIR)).toBe(r.IIR_NONE);
  });

  it('does not program the other FCR bits without the enable bit', () => {
    const { backend, read, write } = makeRig();
    backend.type(7);
    write(r.FCR, r.FCR_RCVR_RESET | r.FCR_TRIGGER_MASK);
    expect(read(r.RBR)).toBe(7);
    write(r.IER, r.IER_ERBFI);
    backend.type(8);
    expect(read(r.IIR)).toBe(r.IIR_DATA_AVAILABLE);
  });
});
