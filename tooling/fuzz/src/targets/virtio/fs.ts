import type { FsBackend } from '@vivarium/contracts';
import { VirtioFs } from '@vivarium/virtio-fs';
import type { Choices } from '../../engine/choices.ts';
import { must } from '../../engine/target.ts';
import type { DeviceUnderFuzz } from './device.ts';
import { type Field, pack } from './fields.ts';
import { filesInMemory, filesOnHost, nameOf, type SharedFiles } from './shared-files.ts';
import { virtioTarget } from './virtio-target.ts';

/** Opcodes of linux/fuse.h. */
const OP = {
  INIT: 26,
  LOOKUP: 1,
  CREATE: 35,
  OPEN: 14,
  OPENDIR: 27,
  READ: 15,
  WRITE: 16,
  READDIR: 28,
  READDIRPLUS: 44,
  GETATTR: 3,
  SETATTR: 4,
  MKDIR: 9,
  SYMLINK: 6,
  MKNOD: 8,
  READLINK: 5,
  UNLINK: 10,
  RMDIR: 11,
  RENAME: 12,
  RENAME2: 45,
  LINK: 13,
  RELEASE: 18,
  RELEASEDIR: 29,
  FSYNC: 20,
  FSYNCDIR: 30,
  FLUSH: 25,
  FORGET: 2,
  BATCH_FORGET: 42,
  STATFS: 17,
  SETXATTR: 21,
  GETXATTR: 22,
  LISTXATTR: 23,
  REMOVEXATTR: 24,
  ACCESS: 34,
  GETLK: 31,
  SETLK: 32,
  SETLKW: 33,
  FALLOCATE: 43,
  LSEEK: 46,
  COPY_FILE_RANGE: 47,
  INTERRUPT: 36,
  DESTROY: 38,
  SYNCFS: 50,
} as const;
const OPCODES = [...Object.values(OP), 0, 7, 19, 37, 39, 40, 41, 48, 49, 51, 4096, 0x7fff_ffff];
const NEEDS_NAME: readonly number[] = [OP.LOOKUP, OP.UNLINK, OP.RMDIR, OP.REMOVEXATTR];

const zeroes = (length: number): Uint8Array => new Uint8Array(length);
const cString = (choices: Choices): Uint8Array => pack([nameOf(choices), Uint8Array.of(choices.rarely(12) ? 1 : 0)]);
const offset = (choices: Choices): Field => [8, choices.wide(BigInt(choices.below(5000)))];
const node = (choices: Choices): Field => [8, choices.rarely(16) ? choices.u64() : choices.below(8)];
const handle = (choices: Choices): Field => [8, choices.rarely(16) ? choices.u64() : choices.below(6)];
const mode = (choices: Choices): Field => [
  4,
  choices.pick([0o100644, 0o40755, 0o120777, 0o20666, 0o10644, 0o104755, 0xffff_ffff]),
];

/** What follows the header of an opcode. */
const argumentsOf = (opcode: number, choices: Choices): readonly Field[] => {
  if (NEEDS_NAME.includes(opcode)) return [cString(choices)];
  switch (opcode) {
    case OP.INIT:
      return [
        [4, choices.pick([7, 6, 8])],
        [4, choices.pick([41, 38, 31, 27, 12, 0])],
        [4, 131_072],
        [4, choices.u32()],
        [4, choices.u32()],
        zeroes(44),
      ];
    case OP.CREATE:
      return [[4, choices.u32()], mode(choices), [4, 0o22], [4, choices.byte() & 1], cString(choices)];
    case OP.OPEN:
    case OP.OPENDIR:
      return [
        [4, choices.u32()],
        [4, choices.byte() & 1],
      ];
    case OP.READ:
    case OP.READDIR:
    case OP.READDIRPLUS:
      return [handle(choices), offset(choices), [4, choices.size()], [4, 0], [8, choices.below(3)], [4, 0], [4, 0]];
    case OP.WRITE: {
      const data = choices.bytes(choices.size(20_000));
      const size = choices.rarely(6) ? choices.size() : data.length;
      return [
        handle(choices),
        offset(choices),
        [4, size],
        [4, choices.byte()],
        [8, choices.below(3)],
        [4, 0],
        [4, 0],
        data,
      ];
    }
    case OP.GETATTR:
      return [[4, choices.byte() & 1], [4, 0], handle(choices)];
    case OP.SETATTR:
      return [
        ...([[4, choices.u16()], [4, 0], handle(choices), offset(choices), [8, 0]] as const),
        ...([
          [8, choices.wide()],
          [8, choices.wide()],
          [8, 0],
          [4, choices.u32()],
          [4, choices.u32()],
          [4, 0],
        ] as const),
        ...([mode(choices), [4, 0], [4, choices.u16()], [4, choices.u16()], [4, 0]] as const),
      ];
    case OP.MKDIR:
      return [mode(choices), [4, 0o22], cString(choices)];
    case OP.MKNOD:
      return [mode(choices), [4, choices.u32()], [4, 0o22], [4, 0], cString(choices)];
    case OP.SYMLINK:
      return [cString(choices), cString(choices)];
    case OP.RENAME:
      return [node(choices), cString(choices), cString(choices)];
    case OP.RENAME2:
      return [node(choices), [4, choices.byte() & 7], [4, 0], cString(choices), cString(choices)];
    case OP.LINK:
      return [node(choices), cString(choices)];
    case OP.RELEASE:
    case OP.RELEASEDIR:
    case OP.FLUSH:
      return [handle(choices), [4, choices.byte()], [4, choices.byte() & 3], [8, choices.below(3)]];
    case OP.FSYNC:
    case OP.FSYNCDIR:
      return [handle(choices), [4, choices.byte() & 1], [4, 0]];
    case OP.FORGET:
      return [[8, choices.pick([1, 0, 2, 1000])]];
    case OP.BATCH_FORGET: {
      const count = choices.below(20);
      const claimed = choices.rarely(4) ? choices.u32() : count;
      return [[4, claimed], [4, 0], ...Array.from({ length: count }, () => [node(choices), [8, 1] as const]).flat()];
    }
    case OP.SETXATTR: {
      const value = choices.bytes(choices.size(5000));
      const size = choices.rarely(6) ? choices.size() : value.length;
      return [[4, size], [4, choices.byte() & 3], cString(choices), value];
    }
    case OP.GETXATTR:
      return [[4, choices.size()], [4, 0], cString(choices)];
    case OP.LISTXATTR:
      return [
        [4, choices.size()],
        [4, 0],
      ];
    case OP.ACCESS:
      return [
        [4, choices.byte() & 15],
        [4, 0],
      ];
    case OP.GETLK:
    case OP.SETLK:
    case OP.SETLKW:
      return [
        handle(choices),
        [8, choices.below(3)],
        offset(choices),
        offset(choices),
        [4, choices.pick([0, 1, 2, 9])],
        [4, 1],
        [4, choices.byte() & 1],
        [4, 0],
      ];
    case OP.FALLOCATE:
      return [handle(choices), offset(choices), offset(choices), [4, choices.byte()], [4, 0]];
    case OP.LSEEK:
      return [handle(choices), offset(choices), [4, choices.below(8)], [4, 0]];
    case OP.COPY_FILE_RANGE:
      return [
        handle(choices),
        offset(choices),
        node(choices),
        handle(choices),
        offset(choices),
        [8, choices.size()],
        [8, 0],
      ];
    case OP.INTERRUPT:
      return [[8, choices.u16()]];
    default:
      return [choices.bytes(choices.byte())];
  }
};

const request = (choices: Choices) => {
  const opcode = choices.pick(OPCODES);
  const target = choices.rarely(16) ? choices.u64() : BigInt(choices.pick([1, 2, 3, 4, 5, 0, 6]));
  const unique = choices.u16();
  const [uid, gid] = [choices.pick([0, 1000, 0xffff_ffff]), choices.pick([0, 1000])];
  const body = pack(argumentsOf(opcode, choices));
  const length = choices.rarely(24) ? choices.size() : 40 + body.length;
  const head: readonly Field[] = [
    [4, length],
    [4, opcode],
    [8, unique],
    [8, target],
    [4, uid],
    [4, gid],
    [4, 77],
    [4, 0],
  ];
  const whole = pack([...head, body]);
  return {
    queue: choices.rarely(12) ? 0 : 1,
    readable: choices.rarely(20) ? whole.subarray(0, choices.byte()) : whole,
    writable: choices.rarely(4) ? choices.size(70_000) : 8192,
  };
};

/** FUSE_INIT, as a driver begins. */
const INIT = pack([
  [4, 104],
  [4, OP.INIT],
  [8, 2],
  [8, 0],
  [4, 0],
  [4, 0],
  [4, 0],
  [4, 0],
  [4, 7],
  [4, 38],
  zeroes(56),
]);

const make =
  (files: (choices: Choices) => SharedFiles) =>
  (choices: Choices): DeviceUnderFuzz => {
    const { backend, dispose, check } = files(choices);
    const device = deviceOf(backend, choices);
    return {
      device,
      probe: {
        queue: 1,
        readable: [INIT],
        writable: [80],
        answered: (written, length) => length === 80 && written[16] === 7,
      },
      request,
      answered: ({ readable }, answer, length, see) => {
        const view = new DataView(answer.buffer);
        const error = view.getInt32(4, true);
        see(`${new DataView(readable.buffer, readable.byteOffset).getUint32(4, true)} ${error}`);
        must(view.getUint32(0, true) === length && length >= 16, 'the header must say how long the answer is');
        must(
          error <= 0 && error > -4096 && (error === 0 || length === 16),
          'an error must be a number of Linux, and alone',
        );
        must(
          view.getUint32(8, true) === new DataView(readable.buffer, readable.byteOffset).getUint32(8, true),
          'an answer must be to its request',
        );
      },
      ...(check === undefined ? {} : { check }),
      ...(dispose === undefined ? {} : { dispose }),
    };
  };

const deviceOf = (backend: FsBackend, choices: Choices): VirtioFs =>
  new VirtioFs({
    backend,
    tag: 'share',
    cache: choices.pick(['auto', 'always', 'none'] as const),
    writeback: choices.rarely(3),
    locks: choices.rarely(2),
    queues: 1,
    queueSize: 16,
  });

const COVERED = ['packages/virtio/fs', 'packages/fs-backend'];

/** FUSE messages. */
export const fs = virtioTarget(COVERED, make(filesInMemory));
export const fsOnHost = virtioTarget([...COVERED, 'packages/storage/host-directory'], make(filesOnHost));
