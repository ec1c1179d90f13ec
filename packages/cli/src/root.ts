import { statSync } from 'node:fs';
import type { GuestRoot } from '@vivarium/guest-debian';
import { parseDiskArgument } from './arguments/disk-argument.ts';
import { parseShareArgument } from './arguments/share-argument.ts';
import type { RunRequest } from './command-line.ts';
import { errors } from './errors.ts';

/** A request whose root file system is on one of its devices. */
export interface RootedRequest {
  readonly request: RunRequest;
  readonly root: GuestRoot | undefined;
}

const usage = (text: string, problem: string): Error => errors.make('VIV_USAGE', `--root '${text}' ${problem}`);

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * Puts what `--root` names before the other devices: a folder as a share, anything else as a disk, which is then the
 * first. Throws `VIV_USAGE`.
 */
export const withRoot = (request: RunRequest): RootedRequest => {
  const { root: text } = request;
  if (text === undefined) return { request, root: undefined };
  const share = parseShareArgument(text);
  if (typeof share !== 'string' && isDirectory(share.path)) {
    const tag = 'root';
    return {
      request: { ...request, shares: [{ ...share, tag, protocol: 'virtiofs' }, ...request.shares] },
      root: { type: 'virtiofs', source: tag, readOnly: share.readOnly },
    };
  }
  const disk = parseDiskArgument(text);
  if (typeof disk === 'string') throw usage(text, disk);
  return {
    request: { ...request, disks: [disk, ...request.disks] },
    root: { type: 'ext4', source: '/dev/vda', readOnly: disk.readOnly },
  };
};
