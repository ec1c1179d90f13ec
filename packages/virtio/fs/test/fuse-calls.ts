import { expect } from 'vitest';
import { OPCODE as OP } from '../src/fuse-table.ts';
import { type Answer, entryAt, type Field, FuseDriver, textOf, u32, u64 } from './fuse-driver.ts';

export const ROOT = 1;
export const O_RDWR = 2;
export const O_WRONLY = 1;

export const ready = (options: ConstructorParameters<typeof FuseDriver>[0] = {}): FuseDriver => {
  const driver = new FuseDriver(options);
  expect(driver.initialize().error).toBeUndefined();
  return driver;
};
export const ok = (answer: Answer): DataView => {
  expect(answer.error).toBeUndefined();
  return answer.data;
};
export const create = (driver: FuseDriver, name: string, text = '', flags = O_RDWR) => {
  const data = ok(driver.call(OP.CREATE, ROOT, [u32(flags), u32(0o100644), u32(0o022), u32(0), name]));
  const made = { ...entryAt(data), handle: Number(data.getBigUint64(128, true)) };
  if (text !== '') write(driver, made.nodeid, made.handle, 0, text);
  return made;
};
export const write = (
  driver: FuseDriver,
  node: number,
  handle: number,
  offset: number,
  text: string,
  flags = 0,
): Answer =>
  driver.call(OP.WRITE, node, [
    u64(handle),
    u64(offset),
    u32(text.length),
    u32(flags),
    u64(0),
    u32(0),
    u32(0),
    new TextEncoder().encode(text),
  ]);
export const readFields = (handle: number, offset: number, size: number): readonly Field[] => [
  u64(handle),
  u64(offset),
  u32(size),
  u32(0),
  u64(0),
  u32(0),
  u32(0),
];
export const read = (driver: FuseDriver, node: number, handle: number, offset = 0, size = 4096): string =>
  textOf(ok(driver.call(OP.READ, node, readFields(handle, offset, size), 16 + size)));
export const lookup = (driver: FuseDriver, name: string, node = ROOT) =>
  entryAt(ok(driver.call(OP.LOOKUP, node, [name])));
export const setattr = (
  driver: FuseDriver,
  node: number,
  valid: number,
  values: Partial<
    Record<'size' | 'atime' | 'mtime' | 'atimensec' | 'mtimensec' | 'mode' | 'uid' | 'gid', number | bigint>
  > = {},
): Answer => {
  const { size = 0, atime = 0, mtime = 0, atimensec = 0, mtimensec = 0, mode = 0, uid = 0, gid = 0 } = values;
  return driver.call(OP.SETATTR, node, [
    ...[u32(valid), u32(0), u64(0), u64(size), u64(0), u64(atime), u64(mtime), u64(0)],
    ...[atimensec, mtimensec, 0, mode, 0, uid, gid, 0].map((value) => u32(Number(value))),
  ]);
};
export const linuxDev = (major: number, minor: number): number =>
  (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
