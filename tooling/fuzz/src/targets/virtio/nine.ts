import { Virtio9p } from '@vivarium/virtio-9p';
import type { Choices } from '../../engine/choices.ts';
import { must } from '../../engine/target.ts';
import type { DeviceUnderFuzz } from './device.ts';
import { type Field, pack } from './fields.ts';
import { filesInMemory, filesOnHost, nameOf, type SharedFiles } from './shared-files.ts';
import { virtioTarget } from './virtio-target.ts';

/** Message types of 9P2000.L (linux/include/net/9p/9p.h). */
const T = {
  VERSION: 100,
  ATTACH: 104,
  WALK: 110,
  LOPEN: 12,
  LCREATE: 14,
  READ: 116,
  WRITE: 118,
  READDIR: 40,
  GETATTR: 24,
  SETATTR: 26,
  MKDIR: 72,
  SYMLINK: 16,
  MKNOD: 18,
  READLINK: 22,
  UNLINKAT: 76,
  RENAMEAT: 74,
  RENAME: 20,
  LINK: 70,
  CLUNK: 120,
  REMOVE: 122,
  FSYNC: 50,
  STATFS: 8,
  XATTRWALK: 30,
  XATTRCREATE: 32,
  LOCK: 52,
  GETLOCK: 54,
  FLUSH: 108,
  AUTH: 102,
} as const;
const TYPES = [...Object.values(T), 0, 6, 7, 101, 106, 112, 114, 124, 126, 255];
const RLERROR = 7;
const MSIZE = 65_536;

const text = (bytes: Uint8Array): Field => pack([[2, bytes.length], bytes]);
const name = (choices: Choices): Field => {
  const bytes = nameOf(choices);
  return choices.rarely(20) ? pack([[2, choices.u16()], bytes]) : text(bytes);
};
const fid = (choices: Choices): Field => [4, choices.rarely(16) ? choices.u32() : choices.below(6)];
const offset = (choices: Choices): Field => [8, choices.wide(BigInt(choices.below(5000)))];
const mode = (choices: Choices): Field => [4, choices.pick([0o100644, 0o40755, 0o20666, 0o104755, 0xffff_ffff])];
const lock = (choices: Choices): readonly Field[] => [
  offset(choices),
  offset(choices),
  [4, choices.byte()],
  name(choices),
];

const fieldsOf = (type: number, choices: Choices): readonly Field[] => {
  switch (type) {
    case T.VERSION:
      return [
        [4, choices.pick([8192, 65_536, 4096, 0xffff_ffff, 0])],
        text(new TextEncoder().encode(choices.pick(['9P2000.L', '9P2000', '']))),
      ];
    case T.ATTACH:
      return [fid(choices), [4, 0xffff_ffff], name(choices), name(choices), [4, choices.pick([0, 1000, 0xffff_ffff])]];
    case T.AUTH:
      return [fid(choices), name(choices), name(choices), [4, 0]];
    case T.WALK: {
      const names = Array.from({ length: choices.below(18) }, () => name(choices));
      return [fid(choices), fid(choices), [2, choices.rarely(12) ? choices.u16() : names.length], ...names];
    }
    case T.LOPEN:
      return [fid(choices), [4, choices.u32()]];
    case T.LCREATE:
      return [fid(choices), name(choices), [4, choices.u16()], mode(choices), [4, 0]];
    case T.READ:
    case T.READDIR:
      return [fid(choices), offset(choices), [4, choices.size()]];
    case T.WRITE: {
      const data = choices.bytes(choices.size(20_000));
      return [fid(choices), offset(choices), [4, choices.rarely(6) ? choices.size() : data.length], data];
    }
    case T.GETATTR:
      return [fid(choices), [8, choices.u64()]];
    case T.SETATTR:
      return [
        ...([
          fid(choices),
          [4, choices.u16()],
          mode(choices),
          [4, choices.u16()],
          [4, choices.u16()],
          offset(choices),
        ] as const),
        ...([
          [8, choices.wide()],
          [8, choices.wide()],
          [8, choices.wide()],
          [8, choices.wide()],
        ] as const),
      ];
    case T.MKDIR:
      return [fid(choices), name(choices), mode(choices), [4, 0]];
    case T.SYMLINK:
      return [fid(choices), name(choices), name(choices), [4, 0]];
    case T.MKNOD:
      return [fid(choices), name(choices), mode(choices), [4, choices.byte()], [4, choices.byte()], [4, 0]];
    case T.UNLINKAT:
      return [fid(choices), name(choices), [4, choices.pick([0, 0x200, 0xffff_ffff])]];
    case T.RENAMEAT:
      return [fid(choices), name(choices), fid(choices), name(choices)];
    case T.RENAME:
    case T.LINK:
      return [fid(choices), fid(choices), name(choices)];
    case T.FSYNC:
      return [fid(choices), [4, choices.byte() & 1]];
    case T.XATTRWALK:
      return [fid(choices), fid(choices), name(choices)];
    case T.XATTRCREATE:
      return [fid(choices), name(choices), [8, choices.wide(100n)], [4, choices.byte() & 3]];
    case T.LOCK:
      return [fid(choices), [1, choices.below(4)], [4, choices.byte() & 3], ...lock(choices)];
    case T.GETLOCK:
      return [fid(choices), [1, choices.below(4)], ...lock(choices)];
    case T.FLUSH:
      return [[2, choices.u16()]];
    case T.CLUNK:
    case T.REMOVE:
    case T.READLINK:
    case T.STATFS:
      return [fid(choices)];
    default:
      return [choices.bytes(choices.byte())];
  }
};

const request = (choices: Choices) => {
  const type = choices.pick(TYPES);
  const tag = choices.u16();
  const body = pack(fieldsOf(type, choices));
  const whole = pack([[4, choices.rarely(24) ? choices.size() : 7 + body.length], [1, type], [2, tag], body]);
  return {
    queue: 0,
    readable: choices.rarely(20) ? whole.subarray(0, choices.byte()) : whole,
    writable: choices.rarely(4) ? choices.size(70_000) : 8192,
  };
};

const VERSION = pack([[4, 21], [1, T.VERSION], [2, 0xffff], [4, 8192], text(new TextEncoder().encode('9P2000.L'))]);

/** Of fid 0, by root. */
const ATTACH = pack([
  ...([
    [4, 27],
    [1, T.ATTACH],
    [2, 1],
    [4, 0],
    [4, 0xffff_ffff],
  ] as const),
  ...[text(new Uint8Array(0)), text(new Uint8Array(0)), [4, 0] as const],
]);

const make = (files: () => SharedFiles) => (): DeviceUnderFuzz => {
  const { backend, dispose } = files();
  return {
    device: new Virtio9p({ backend, tag: 'share', msize: MSIZE, fids: 12, queueSize: 16 }),
    probe: {
      queue: 0,
      readable: [VERSION],
      writable: [21],
      answered: (written, length) => length === 21 && written[4] === 101,
    },
    request,
    greeting: [VERSION, ATTACH].map((readable) => ({ queue: 0, readable, writable: 64 })),
    answered: ({ readable }, answer, length, see) => {
      const view = new DataView(answer.buffer);
      const asked = readable[4] ?? 0;
      const type = view.getUint8(4);
      see(`${asked} ${type === RLERROR ? view.getUint32(7, true) : 0}`);
      must(view.getUint32(0, true) === length && length >= 7, 'an answer must say how long it is');
      must(length <= MSIZE, 'an answer must not be longer than was agreed on');
      must(type === asked + 1 || (type === RLERROR && length === 11), 'an answer must be of the type of its request');
      must(
        view.getUint16(5, true) === ((readable[5] ?? 0) | ((readable[6] ?? 0) << 8)),
        'an answer must be to its request',
      );
    },
    ...(dispose === undefined ? {} : { dispose }),
  };
};

const COVERED = ['packages/virtio/9p', 'packages/fs-backend'];

export const nine = virtioTarget(COVERED, make(filesInMemory));
export const nineOnHost = virtioTarget([...COVERED, 'packages/storage/host-directory'], make(filesOnHost));
