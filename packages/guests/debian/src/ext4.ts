import { truncate, writeFile } from 'node:fs/promises';
import { guestError } from './errors.ts';
import { run } from './subprocess.ts';

/**
 * Makes an ext4 file system of a folder's files, in a file of so many bytes. Everything in it belongs to root, whoever
 * runs this: a namespace of its own makes the user's files look so. Needs mke2fs.
 *
 * @throws VIV_GUEST_TOOL_FAILED, VIV_GUEST_CANCELLED
 */
export const makeExt4 = async (directory: string, file: string, size: number, signal?: AbortSignal): Promise<void> => {
  await writeFile(file, '', { flag: 'wx' });
  await truncate(file, size);
  const command = ['mke2fs', '-q', '-F', '-t', 'ext4', '-L', 'debian', '-E', 'root_owner=0:0', '-d', directory, file];
  const own = process.getuid?.() === 0 ? command : ['unshare', '--map-root-user', ...command];
  const [program = '', ...args] = own;
  const { code, stderr } = await run(program, args, {
    signal,
    environment: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
  });
  if (code !== 0)
    throw guestError('VIV_GUEST_TOOL_FAILED', `mke2fs made no file system of ${directory}: ${stderr.trim()}`);
};
