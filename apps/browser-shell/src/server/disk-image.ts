import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errors } from '../errors.ts';

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;

/** Bytes of the image: far more than a guest reads of it. */
export const IMAGE_SIZE = 64 * MEBIBYTE;

/** Where Debian puts it: not in the path of every user. */
const MKE2FS = ['/usr/sbin/mke2fs', '/sbin/mke2fs'];

const README = `This disk is a file on the web server that the page came from.
What you read of it is fetched in ranges; what you write stays in the tab.

  mount -o ro /dev/vda /mnt      the disk as it is
  mount /dev/vdb /mnt            the same disk, with what you write kept in memory
  cd /mnt && sha256sum -c SHA256SUMS
`;

/** The same bytes each time, which no file system can keep in less room. */
const noise = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let state = 0x9e37_79b9;
  for (let at = 0; at < length; at += 4) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes.writeInt32LE(state | 0, at);
  }
  return bytes;
};

const squares = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${index + 1} ${(index + 1) ** 2}\n`).join('');

/** Files of the disk by path. */
export const diskFiles = (): ReadonlyMap<string, Buffer> => {
  const files = new Map<string, Buffer>([
    ['README', Buffer.from(README)],
    ['text/squares', Buffer.from(squares(20_000))],
    ['noise/small', noise(256 * KIBIBYTE)],
    ['noise/large', noise(24 * MEBIBYTE)],
  ]);
  const sums = [...files].map(([path, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${path}\n`);
  return files.set('SHA256SUMS', Buffer.from(sums.join('')));
};

/** Makes the image at `path` with the tools of ext4 itself. */
const format = async (folder: string, path: string, signal: AbortSignal): Promise<void> => {
  const program = MKE2FS.find((each) => existsSync(each));
  if (program === undefined) throw errors.make('VIV_SHELL_DISK', `there is no mke2fs at ${MKE2FS.join(' or ')}`);
  const content = join(folder, 'content');
  for (const [name, bytes] of diskFiles()) {
    const file = join(content, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
  const image = join(folder, 'image');
  const options = ['-q', '-t', 'ext4', '-b', '4096', '-L', 'vivarium', '-E', 'lazy_itable_init=0,root_owner=0:0'];
  const size = `${IMAGE_SIZE / KIBIBYTE}k`;
  await promisify(execFile)(program, [...options, '-d', content, image, size], { signal }).catch((cause: unknown) => {
    throw errors.make('VIV_SHELL_DISK', 'mke2fs cannot make the image', { cause });
  });
  await rename(image, path);
};

/** An ext4 image in `cache`, made when it is not there yet; returns its path. Throws `VIV_SHELL_DISK`. */
export const diskImage = async (cache: string, signal: AbortSignal): Promise<string> => {
  const sums = diskFiles().get('SHA256SUMS') ?? '';
  const path = join(cache, `disk-${createHash('sha256').update(sums).digest('hex').slice(0, 16)}.img`);
  if (existsSync(path)) return path;
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'disk-'));
  try {
    await format(folder, path, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return path;
};
