import { existsSync } from 'node:fs';
import { errors } from '../errors.ts';
import { DescriptorTree } from './descriptor-tree.ts';
import { confined, type NodeTree } from './node-tree.ts';
import { PathTree } from './path-tree.ts';

export interface OpenHostDirectoryOptions {
  /** Nothing is changed, whoever asks. Default false. */
  readonly readOnly?: boolean;
  /**
   * How files are held: `descriptors` (Linux), which nobody on the host can come in between, or `paths`. Default: what
   * the platform has; `paths` under Node's permission model, which knows no files by descriptors.
   */
  readonly hold?: 'descriptors' | 'paths';
}

/**
 * Opens a directory of the host. The caller disposes of it when the machine is gone.
 *
 * @throws `VIV_HOST_DIRECTORY_OPEN`
 */
export const openHostDirectory = (path: string, options: OpenHostDirectoryOptions = {}): NodeTree => {
  const { readOnly = false, hold = !confined && existsSync('/proc/self/fd') ? 'descriptors' : 'paths' } = options;
  try {
    return hold === 'descriptors' ? new DescriptorTree(path, readOnly) : new PathTree(path, readOnly);
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw errors.make('VIV_HOST_DIRECTORY_OPEN', `${path}: ${message}`, { cause, details: { path } });
  }
};
