import { deflateRawSync } from 'node:zlib';
import { isVivariumError } from '@vivarium/contracts';
import { memoryFile } from '@vivarium/host-file';
import { type CreateQcow2Settings, createQcow2, openQcow2, type Qcow2Disk } from '@vivarium/storage-qcow2';
import { Choices } from '../engine/choices.ts';
import { type FuzzTarget, must, type See } from '../engine/target.ts';

const SIZE = 256 * 1024;
/** An image may grow so far. */
const LIMIT = 16 * 1024 * 1024;
const MASK = 0x00ff_ffff_ffff_fe00n;
const BASE = new Uint8Array(10_240).fill(7);

interface SoundImage {
  readonly bytes: Buffer;
  /** Where its tables have 64-bit entries. */
  readonly entries: readonly number[];
}

const sound = (how: Partial<CreateQcow2Settings>, compressed = false): SoundImage => {
  const file = memoryFile();
  createQcow2({ file, size: SIZE, clusterSize: 4096, ...how });
  const disk = openQcow2({ file, open: () => memoryFile({ bytes: BASE }) });
  for (let sector = 0; sector < 200; sector += 7) disk.write(sector * 512, [new Uint8Array(512).fill(sector)]);
  disk.writeZeroes(20_480, 20_480, false);
  disk.discard(61_440, 8192);
  disk.close();
  let bytes = Buffer.from(file.contents());
  const l1 = Number(bytes.readBigUInt64BE(40));
  const size = 1 << bytes.readUInt32BE(20);
  if (compressed) {
    const data = deflateRawSync(new Uint8Array(4096).fill(3));
    const at = bytes.length;
    bytes = Buffer.concat([bytes, data, new Uint8Array(4096 - data.length)]);
    bytes.writeBigUInt64BE((1n << 62n) | BigInt(at), Number(bytes.readBigUInt64BE(l1) & MASK) + 8 * 30);
  }
  const entries: number[] = [];
  for (let index = 0; index < Math.min(64, bytes.readUInt32BE(36)); index++) {
    entries.push(l1 + 8 * index);
    const table = Number(bytes.readBigUInt64BE(l1 + 8 * index) & MASK);
    if (table !== 0) for (let entry = 0; entry < Math.min(64, size / 8); entry++) entries.push(table + 8 * entry);
  }
  const refcounts = Number(bytes.readBigUInt64BE(48));
  const block = Number(bytes.readBigUInt64BE(refcounts));
  for (let index = 0; index < 8; index++) entries.push(refcounts + 8 * index, block + 8 * index);
  return { bytes, entries };
};

const HEADER_32 = [4, 16, 20, 32, 36, 56, 60, 96, 100, 104, 108];
const HEADER_64 = [8, 24, 40, 48, 64, 72, 80, 88];

/** One change of an image: of a field of its header, of an entry of a table, of any byte, or of its length. */
const spoil = (bytes: Buffer, { entries }: SoundImage, choices: Choices): Buffer => {
  const kind = choices.below(8);
  const likely = BigInt(bytes.length - (bytes.length % 4096));
  if (kind < 4) {
    const [at = 0, other = 0] = [choices.u16(), choices.u16()].map((index) => entries[index % entries.length]);
    // A change before this one may have shortened the image.
    if (Math.max(at, other) + 8 > bytes.length) return bytes;
    const known = bytes.readBigUInt64BE(other);
    const value = choices.pick([
      known,
      0n,
      known ^ (1n << BigInt(choices.byte() % 64)),
      choices.wide(likely),
      choices.wide(known) | (1n << 63n),
      choices.wide(likely) | (1n << 62n),
    ]);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, value), at);
  } else if (kind === 4) bytes.writeUInt32BE(choices.size(), choices.pick(HEADER_32));
  else if (kind === 5) bytes.writeBigUInt64BE(choices.wide(likely), choices.pick(HEADER_64));
  else if (kind === 6) {
    const from = choices.u32() % bytes.length;
    bytes.set(choices.bytes(choices.below(32)).subarray(0, bytes.length - from), from);
  } else if (choices.rarely(3)) return Buffer.from(bytes.subarray(0, Math.max(160, choices.u32() % bytes.length)));
  return bytes;
};

/** A request of the guest. */
const use = (disk: Qcow2Disk, choices: Choices, see: See): void => {
  const sectors = disk.capacity / 512;
  const sector = choices.rarely(4) ? choices.u32() : choices.u16() % 512;
  const at = Math.min(sector, Math.max(0, sectors - 1)) * 512;
  const length = Math.min(disk.capacity - at, 512 * (1 + choices.below(40)));
  const fill = choices.byte();
  const what = choices.below(8);
  let result: unknown;
  if (what < 3) result = disk.read(at, [new Uint8Array(length)]);
  else if (what < 5) result = disk.write(at, [new Uint8Array(length).fill(fill)]);
  else if (what === 5) result = disk.writeZeroes(at, length, choices.rarely(2));
  else if (what === 6) result = disk.discard(at, length);
  else result = disk.flush();
  see(`${what} ${String(result)}`);
  must(['undefined', 'io', 'no-space', 'unsupported'].includes(String(result)), `a request came to ${String(result)}`);
};

/** What may be behind a fault: the image, or the file; anything else is a mistake of ours. */
const foreseen = (error: unknown): boolean =>
  isVivariumError(error) ||
  (error instanceof Error &&
    (error.constructor.name === 'DamagedImage' || ('code' in error && /^E[A-Z]+$/.test(String(error.code)))));

const target = (images: readonly SoundImage[]): FuzzTarget => ({
  covers: ['packages/storage/qcow2', 'packages/host-file'],
  run: (program, see) => {
    const [first = new Uint8Array(0), ...actions] = program;
    const start = new Choices(first);
    const image = start.pick(images);
    let bytes: Buffer = Buffer.from(image.bytes);
    for (let changes = start.below(6); changes > 0; changes--) bytes = spoil(bytes, image, start);
    const faults: unknown[] = [];
    let disk: Qcow2Disk;
    try {
      disk = openQcow2({
        file: memoryFile({ name: 'hostile', bytes, limit: LIMIT }),
        readOnly: start.rarely(3),
        cacheSize: start.rarely(2) ? 1024 * 1024 : 0,
        onFault: (error) => faults.push(error),
        open: ({ format }) => memoryFile({ bytes: format === 'raw' ? BASE : bytes }),
      });
    } catch (error) {
      must(isVivariumError(error), `an image must be refused with a code, and was with ${String(error)}`);
      see(`refused ${String((error as { readonly code?: unknown }).code)}`);
      return;
    }
    for (const action of actions) use(disk, new Choices(action), see);
    disk.close();
    see(`faults ${Math.min(faults.length, 3)}`);
    const strange = faults.find((error) => !foreseen(error));
    must(strange === undefined, `nobody foresaw ${strange instanceof Error ? strange.stack : String(strange)}`);
  },
});

/** Images with fields and tables changed for the worse, and requests of a guest to them. */
export const qcow2 = target([
  sound({}),
  sound({ clusterSize: 512, refcountBits: 64 }),
  sound({ clusterSize: 1024, refcountBits: 1 }),
  sound({ version: 2 }),
  sound({ backing: { name: 'base', format: 'raw' } }),
  sound({}, true),
]);
