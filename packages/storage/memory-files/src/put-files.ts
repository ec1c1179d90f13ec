import { FS_ROOT, type FsBackend, type FsNode } from '@vivarium/contracts';
import { isFault, S_IFDIR, textToName } from '@vivarium/fs-backend';
import { errors } from './errors.ts';

/** A file to put: text, bytes, the target of a symbolic link, or nothing but a directory. */
export type FileContent =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly mode: number }
  | { readonly link: string }
  | { readonly directory: number };

const ROOT_CALLER = { uid: 0, gid: 0 };

/**
 * Puts files by path (`etc/motd`), directories on the way included, owned by root, modes 0644 and 0755 unless said
 * otherwise.
 *
 * @throws `VIV_MEMORY_FILES_PUT`
 */
export const putFiles = (backend: FsBackend, files: Readonly<Record<string, FileContent>>): void => {
  for (const [path, content] of Object.entries(files)) {
    const refuse = (reason: string) => errors.make('VIV_MEMORY_FILES_PUT', `${path}: ${reason}`, { details: { path } });
    const names = path.split('/').filter((name) => name !== '');
    const last = names.pop();
    if (last === undefined) throw refuse('there is no name in it');
    let parent: FsNode = FS_ROOT;
    for (const name of names) parent = directoryIn(backend, parent, textToName(name), refuse);
    const fault = putOne(backend, parent, textToName(last), content);
    if (fault !== undefined) throw refuse(fault);
    backend.forget(parent, 1);
  }
};

const directoryIn = (backend: FsBackend, parent: FsNode, name: string, refuse: (reason: string) => Error): FsNode => {
  const found = backend.lookup(parent, name);
  const entry = found === 'ENOENT' ? backend.makeDirectory(parent, name, 0o755, ROOT_CALLER) : found;
  backend.forget(parent, 1);
  if (isFault(entry)) throw refuse(entry);
  if ((entry.attributes.mode & S_IFDIR) === 0) throw refuse('something on the way is no directory');
  return entry.node;
};

const putOne = (backend: FsBackend, parent: FsNode, name: string, content: FileContent): string | undefined => {
  if (typeof content === 'object' && 'link' in content) {
    const made = backend.makeSymbolicLink(parent, name, textToName(content.link), ROOT_CALLER);
    if (isFault(made)) return made;
    backend.forget(made.node, 1);
    return undefined;
  }
  if (typeof content === 'object' && 'directory' in content) {
    const made = backend.makeDirectory(parent, name, content.directory, ROOT_CALLER);
    if (isFault(made)) return made;
    backend.forget(made.node, 1);
    return undefined;
  }
  const { content: given, mode } =
    typeof content === 'string' || content instanceof Uint8Array ? { content, mode: 0o644 } : content;
  const bytes = typeof given === 'string' ? new TextEncoder().encode(given) : given;
  const made = backend.create(parent, name, mode, { access: 'write', truncate: true }, ROOT_CALLER);
  if (isFault(made)) return made;
  const written = backend.write(made.handle, 0, [bytes]);
  backend.release(made.handle);
  backend.forget(made.node, 1);
  return isFault(written) ? written : written < bytes.length ? 'ENOSPC' : undefined;
};
