import { FS_ROOT, type FsBackend, type FsHandle, type FsNode, type FsResult } from '@vivarium/contracts';
import { type ConformanceCase, expectThat, type SubjectFactory } from './conformance.ts';
import { Bench, ROOT_USER, same } from './fs-backend/bench.ts';
import { type Random, seededRandom } from './random.ts';
import type { FsBackendSubject } from './fs-backend/subject.ts';

/** What of `node:fs` the model needs; an empty directory of its own comes with it. */
export interface ReferenceFiles {
  readonly root: string;
  readonly fs: {
    mkdirSync(path: string, mode: number): unknown;
    rmdirSync(path: string): void;
    unlinkSync(path: string): void;
    linkSync(from: string, to: string): void;
    symlinkSync(target: string, path: string): void;
    renameSync(from: string, to: string): void;
    readlinkSync(path: string): string;
    chmodSync(path: string, mode: number): void;
    truncateSync(path: string, size: number): void;
    readdirSync(path: string): string[];
    lstatSync(path: string): {
      readonly ino: number;
      readonly mode: number;
      readonly nlink: number;
      readonly size: number;
    };
    openSync(path: string, flags: string, mode: number): number;
    ftruncateSync(file: number, size: number): void;
    readSync(file: number, into: Uint8Array, offset: number, length: number, position: number): number;
    writeSync(file: number, from: Uint8Array, offset: number, length: number, position: number): number;
    closeSync(file: number): void;
  };
  dispose?(): void;
}

type Path = readonly string[];
const NAMES = ['a', 'b', 'c'];
const STEPS = 400;
const LARGEST_OFFSET = 20_000;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;

/** Errors that POSIX leaves the choice between. */
const SYNONYMS: Readonly<Record<string, string>> = { EEXIST: 'ENOTEMPTY', EPERM: 'EISDIR' };

/** The same steps on the backend and on the reference. */
class Comparison {
  readonly #bench: Bench;
  readonly #reference: ReferenceFiles;
  readonly #random: Random;
  readonly #open: { readonly handle: FsHandle; readonly node: FsNode; readonly file: number }[] = [];
  readonly #log: string[] = [];

  constructor(backend: FsBackend, reference: ReferenceFiles, seed: number) {
    this.#bench = new Bench(backend);
    this.#reference = reference;
    this.#random = seededRandom(seed);
  }

  run(): void {
    for (let step = 0; step < STEPS; step++) this.#step();
    same(this.#tree(FS_ROOT), this.#referenceTree(''), `the tree after ${this.#log.slice(-20).join('; ')}`);
    for (const { handle, file } of this.#open) {
      this.#bench.backend.release(handle);
      this.#reference.fs.closeSync(file);
    }
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#random(from.length)];
  }

  #path(): Path {
    return Array.from({ length: 1 + this.#random(3) }, () => this.#pick(NAMES));
  }

  #step(): void {
    const { backend } = this.#bench;
    const { fs } = this.#reference;
    const path = this.#path();
    const other = this.#path();
    const mode = this.#random(0o1000) | 0o700;
    const at = this.#at(path);
    switch (this.#random(12)) {
      case 0:
      case 1:
        this.#both(
          `mkdir ${path.join('/')}`,
          () => this.#in(path, (parent, name) => this.#drop(backend.makeDirectory(parent, name, mode, ROOT_USER))),
          () => {
            fs.mkdirSync(at(), mode);
            fs.chmodSync(at(), mode);
          },
        );
        break;
      case 2:
        this.#both(
          `rmdir ${path.join('/')}`,
          () => this.#in(path, (parent, name) => backend.removeDirectory(parent, name)),
          () => fs.rmdirSync(at()),
        );
        break;
      case 3:
        this.#both(
          `unlink ${path.join('/')}`,
          () => this.#in(path, (parent, name) => backend.unlink(parent, name)),
          () => fs.unlinkSync(at()),
        );
        break;
      case 4:
        this.#both(
          `symlink ${path.join('/')}`,
          () => this.#in(path, (parent, name) => this.#drop(backend.makeSymbolicLink(parent, name, 'x/y', ROOT_USER))),
          () => fs.symlinkSync('x/y', at()),
        );
        break;
      case 5:
      case 6:
        this.#both(
          `rename ${path.join('/')} ${other.join('/')}`,
          () =>
            this.#in(path, (parent, name) =>
              this.#in(other, (newParent, newName) => backend.rename(parent, name, newParent, newName, 'replace')),
            ),
          () => fs.renameSync(at(), this.#at(other)()),
        );
        break;
      case 7:
        this.#both(
          `link ${path.join('/')} ${other.join('/')}`,
          () =>
            this.#in(path, (parent, name) =>
              this.#in(other, (newParent, newName) =>
                this.#entry(parent, name, (node) => this.#drop(backend.link(node, newParent, newName))),
              ),
            ),
          () => fs.linkSync(at(), this.#at(other)()),
        );
        break;
      case 8:
        if (this.#isLink(path)) break;
        this.#both(
          `chmod ${path.join('/')}`,
          () => this.#to(path, (node) => voided(backend.setAttributes(node, { mode }))),
          () => fs.chmodSync(at(), mode),
        );
        break;
      case 9:
        this.#create(path, mode);
        break;
      default:
        this.#input();
    }
  }

  #create(path: Path, mode: number): void {
    const { backend } = this.#bench;
    if (this.#open.length > 20 || this.#isLink(path)) return;
    let handle = 0;
    let node = 0;
    let file = 0;
    this.#both(
      `create ${path.join('/')}`,
      () =>
        this.#in(path, (parent, name) => {
          const made = backend.create(parent, name, mode, { access: 'both' }, ROOT_USER);
          if (typeof made === 'string') return made;
          ({ handle, node } = made);
          return voided(backend.setAttributes(node, { mode }));
        }),
      () => {
        const where = this.#at(path)();
        let flags = 'wx+';
        try {
          this.#reference.fs.lstatSync(where);
          flags = 'r+';
        } catch {}
        file = this.#reference.fs.openSync(where, flags, mode);
        this.#reference.fs.chmodSync(where, mode);
      },
    );
    if (handle !== 0) this.#open.push({ handle, node, file });
  }

  /** Input and output on an open file, which may have lost its name long ago. */
  #input(): void {
    const { backend } = this.#bench;
    const { fs } = this.#reference;
    const open = this.#pick(this.#open);
    if (open === undefined) return;
    const offset = this.#random(LARGEST_OFFSET);
    const length = this.#random(9000);
    if (this.#random(3) === 0) {
      backend.setAttributes(open.node, { size: offset });
      fs.ftruncateSync(open.file, offset);
    } else if (this.#random(2) === 0) {
      const bytes = new Uint8Array(length).fill(1 + this.#random(255));
      const cutAt = this.#random(length + 1);
      const written = backend.write(open.handle, offset, [bytes.subarray(0, cutAt), bytes.subarray(cutAt)]);
      same(written, fs.writeSync(open.file, bytes, 0, length, offset), 'how much is written');
    } else {
      const ours = new Uint8Array(length);
      const theirs = new Uint8Array(length);
      const read = backend.read(open.handle, offset, [ours]);
      same(read, fs.readSync(open.file, theirs, 0, length, offset), 'how much is read');
      expectThat(
        ours.every((byte, index) => byte === theirs[index]),
        'what is read must be what the reference reads',
      );
    }
  }

  #both(what: string, ours: () => FsResult<undefined>, theirs: () => unknown): void {
    this.#log.push(what);
    const actual = ours();
    let expected: string | undefined;
    try {
      theirs();
    } catch (error) {
      expected = String((error as { readonly code?: unknown }).code);
    }
    const normal = (code: string | undefined): string => SYNONYMS[code ?? ''] ?? code ?? 'done';
    expectThat(
      normal(actual) === normal(expected),
      `${what} must be ${expected ?? 'done'}, and is ${actual ?? 'done'}`,
      {
        steps: this.#log.slice(-20),
      },
    );
  }

  /** Walks to the directory of a path; nodes are given back on the way. */
  #in(path: Path, act: (parent: FsNode, name: string) => FsResult<undefined>): FsResult<undefined> {
    const [name = ''] = path.slice(-1);
    if (path.length === 1) return act(FS_ROOT, name);
    return this.#to(path.slice(0, -1), (node) => {
      const { mode } = this.#bench.stat(node);
      return (mode & S_IFMT) === S_IFDIR ? act(node, name) : 'ENOTDIR';
    });
  }

  #to(path: Path, act: (node: FsNode) => FsResult<undefined>): FsResult<undefined> {
    return this.#in(path, (parent, name) => this.#entry(parent, name, act));
  }

  #entry(parent: FsNode, name: string, act: (node: FsNode) => FsResult<undefined>): FsResult<undefined> {
    const found = this.#bench.backend.lookup(parent, name);
    if (typeof found === 'string') return found;
    const result = act(found.node);
    this.#bench.backend.forget(found.node, 1);
    return result;
  }

  #drop(entry: FsResult<{ readonly node: FsNode }>): FsResult<undefined> {
    if (typeof entry === 'string') return entry;
    this.#bench.backend.forget(entry.node, 1);
    return undefined;
  }

  /** The path for the reference; like the backend, it goes through no symbolic link. */
  #at(path: Path): () => string {
    return () => {
      let at = this.#reference.root;
      for (const name of path.slice(0, -1)) {
        at = `${at}/${name}`;
        const { mode } = this.#reference.fs.lstatSync(at);
        if ((mode & S_IFMT) !== S_IFDIR) throw Object.assign(new Error(at), { code: 'ENOTDIR' });
      }
      return `${at}/${path.at(-1)}`;
    };
  }

  #isLink(path: Path): boolean {
    try {
      return (this.#reference.fs.lstatSync(this.#at(path)()).mode & S_IFMT) === S_IFLNK;
    } catch {
      return false;
    }
  }

  #tree(node: FsNode): unknown {
    const { backend } = this.#bench;
    return this.#bench.names(node).map((name) => {
      const entry = this.#bench.lookup(name, node);
      const { mode, links, size } = entry.attributes;
      const kind = mode & S_IFMT;
      const target = kind === S_IFLNK ? backend.readLink(entry.node) : undefined;
      const seen =
        kind === S_IFDIR
          ? [name, mode, this.#tree(entry.node)]
          : [name, mode, links, size, target instanceof Uint8Array ? String.fromCharCode(...target) : target];
      backend.forget(entry.node, 1);
      return seen;
    });
  }

  #referenceTree(path: string): unknown {
    const { fs, root } = this.#reference;
    return [...fs.readdirSync(`${root}${path}`)].sort().map((name) => {
      const at = `${root}${path}/${name}`;
      const { mode, nlink, size } = fs.lstatSync(at);
      const kind = mode & S_IFMT;
      if (kind === S_IFDIR) return [name, mode, this.#referenceTree(`${path}/${name}`)];
      return [name, mode, nlink, size, kind === S_IFLNK ? fs.readlinkSync(at) : undefined];
    });
  }
}

const voided = (result: FsResult<unknown>): FsResult<undefined> =>
  typeof result === 'string' ? (result as FsResult<undefined>) : undefined;

/** Random steps on the backend and on the files of the platform, which must end the same, errors included. */
export const fsBackendModel = (
  make: SubjectFactory<FsBackendSubject>,
  reference: () => ReferenceFiles,
  seeds: readonly number[] = Array.from({ length: 20 }, (_, index) => index + 1),
): readonly ConformanceCase[] =>
  seeds.map((seed) => ({
    id: `fs-backend/model/${seed}`,
    title: `does what the platform's files do (seed ${seed})`,
    run: async () => {
      const subject = await make();
      const files = reference();
      try {
        new Comparison(subject.backend, files, seed).run();
      } finally {
        files.dispose?.();
        await subject.dispose?.();
      }
    },
  }));
