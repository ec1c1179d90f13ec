import type { MachineMemory, MemoryBank } from '@vivarium/contracts';
import { errors } from './errors.ts';

/** Where and how large the fake RAM is. */
export interface FakeMemoryOptions {
  /** Guest-physical address of the one bank; default 0x80000000. */
  readonly base?: number;
  /** Bytes of RAM; default 1 MiB. */
  readonly size?: number;
  /** Bytes that `carve` has to give; default 1 MiB. */
  readonly privateSize?: number;
}

const MEBIBYTE = 1024 * 1024;

/** One bank of guest RAM in an ordinary buffer, with a private area behind it. */
export const fakeMemory = (options: FakeMemoryOptions = {}): MachineMemory => {
  const { base = 0x8000_0000, size = MEBIBYTE, privateSize = MEBIBYTE } = options;
  const buffer = new ArrayBuffer(size + privateSize);
  const banks: readonly MemoryBank[] = [{ base, length: size, offset: 0 }];
  const listeners = new Set<(address: number, length: number) => void>();
  let carved = size;

  const view = (address: number, length: number): Uint8Array | undefined => {
    if (!Number.isSafeInteger(address) || !Number.isSafeInteger(length) || length < 0) return undefined;
    const offset = address - base;
    return offset >= 0 && offset + length <= size ? new Uint8Array(buffer, offset, length) : undefined;
  };
  const writableView = (address: number, length: number): Uint8Array | undefined => {
    const found = view(address, length);
    if (found !== undefined) for (const listener of listeners) listener(address, length);
    return found;
  };
  return {
    banks,
    size,
    linear: { buffer },
    view,
    writableView,
    read: (address, length) => view(address, length)?.slice(),
    write: (address, bytes) => {
      const target = writableView(address, bytes.length);
      target?.set(bytes);
      return target !== undefined;
    },
    carve: (owner, bytes, align) => {
      const start = Math.ceil(carved / align) * align;
      if (start + bytes > buffer.byteLength) {
        throw errors.make('VIV_TESTKIT_SETUP', `${owner} carves ${bytes} bytes; the fake memory has fewer left`, {
          hint: 'Give fakeMemory a larger privateSize.',
        });
      }
      carved = start + bytes;
      return start;
    },
    onExternalWrite: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    clear: () => {
      for (const listener of listeners) listener(base, size);
      new Uint8Array(buffer, 0, size).fill(0);
    },
  };
};
