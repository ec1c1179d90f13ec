import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorTable, readKernel, readProgram } from '../src/index.ts';
import { elfFile, linuxImage } from './image-bytes.ts';
import { outcome } from './outcome.ts';

const named = (bytes: Uint8Array) => ({ name: 'file', bytes });

const at = (offset: number, ...values: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(1024);
  bytes.set(values, offset);
  return bytes;
};

const tail = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

describe('readKernel', () => {
  it('reads the header of a Linux Image', () => {
    const bytes = linuxImage();
    expect(readKernel(named(bytes))).toEqual({
      kind: 'linux-image',
      name: 'file',
      bytes,
      textOffset: 0x20_0000,
      memoryLength: 0x3000,
    });
  });

  it('takes at least the file for the memory of a kernel', () => {
    expect(readKernel(named(linuxImage({ imageSize: 16n }))) as object).toMatchObject({ memoryLength: 4096 });
  });

  it.each([
    ['VIV_IMAGE_EMPTY', new Uint8Array(0)],
    ['VIV_IMAGE_TRUNCATED', linuxImage().subarray(0, 62)],
    ['VIV_IMAGE_FOREIGN', linuxImage({ flags: 1 })],
    ['VIV_IMAGE_MALFORMED', linuxImage({ version: 0x1_0000 })],
    ['VIV_IMAGE_MALFORMED', linuxImage({ textOffset: 2n ** 63n })],
    ['VIV_IMAGE_NOT_KERNEL', new TextEncoder().encode('#!/bin/sh\necho no kernel\n')],
    ['VIV_IMAGE_COMPRESSED', at(0, 0x1f, 0x8b, 8)],
    ['VIV_IMAGE_COMPRESSED', at(0, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)],
    ['VIV_IMAGE_COMPRESSED', at(0, 0x28, 0xb5, 0x2f, 0xfd)],
    ['VIV_IMAGE_COMPRESSED', at(0, ...tail('MZ\0\0zimg'))],
  ])('H9 refuses with %s', (code, bytes) => {
    expect(outcome(() => readKernel(named(bytes)))).toBe(code);
  });

  it.each([
    ['a Linux bzImage for x86', at(0x202, ...tail('HdrS'))],
    ['a Linux Image for ARM 64', at(56, ...tail('ARM\x64'))],
    ['a Linux zImage for ARM', at(36, 0x18, 0x28, 0x6f, 0x01)],
    ['64-bit little-endian ELF for x86-64', elfFile([], { machine: 62 })],
    ['64-bit little-endian ELF for ARM 64', elfFile([], { machine: 183 })],
    ['ELF for machine 9999', elfFile([], { machine: 9999 })],
  ])('names a foreign architecture: %s', (what, bytes) => {
    expect(() => readKernel(named(bytes))).toThrow(what);
    expect(outcome(() => readKernel(named(bytes)))).toBe('VIV_IMAGE_FOREIGN');
  });

  it('H9 answers any corruption with an image or a coded error', () => {
    const codes = Object.keys(errorTable);
    const base = fc.constantFrom(
      linuxImage(),
      elfFile([
        { physical: 0x8000_0000n, bytes: new Uint8Array(64) },
        { physical: 0x8000_1000n, bytes: new Uint8Array(64), memory: 128n },
      ]),
    );
    const edits = fc.array(fc.record({ offset: fc.nat(240), byte: fc.nat(255) }), { maxLength: 8 });
    fc.assert(
      fc.property(base, edits, fc.nat(4096), (original, changes, cut) => {
        const bytes = original.slice(0, cut);
        for (const { offset, byte } of changes) {
          if (offset < bytes.length) {
            bytes[offset] = byte;
          }
        }
        const result = outcome(() => readKernel(named(bytes)));
        expect(typeof result !== 'string' || codes.includes(result)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('readProgram', () => {
  it('takes what it does not know as raw bytes', () => {
    const bytes = new Uint8Array([0x13, 0, 0, 0]);
    expect(readProgram(named(bytes))).toEqual({ kind: 'raw', name: 'file', bytes });
  });

  it('still refuses what is for another machine, compressed or empty', () => {
    expect(outcome(() => readProgram(named(elfFile([], { machine: 3 }))))).toBe('VIV_IMAGE_FOREIGN');
    expect(outcome(() => readProgram(named(at(0, 0x1f, 0x8b, 8))))).toBe('VIV_IMAGE_COMPRESSED');
    expect(outcome(() => readProgram(named(new Uint8Array(0))))).toBe('VIV_IMAGE_EMPTY');
  });
});
