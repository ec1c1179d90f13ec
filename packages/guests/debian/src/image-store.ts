import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A package that went into an image. */
export interface GuestPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

interface ImageFile {
  readonly name: string;
  readonly sha256: string;
}

/** What is written beside an image: how it was made, and how its files are known to be whole. */
export interface ImageManifest {
  /** Hash of the packages and of our own part: the same key means the same image. */
  readonly key: string;
  readonly release: string;
  readonly packages: readonly GuestPackage[];
  readonly files: readonly ImageFile[];
}

/** The image in use and when its versions were last compared with the mirror's. */
export interface CurrentImage {
  readonly manifest: ImageManifest;
  /** Which packages it was asked from: mirror and suite. */
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly checkedAt: number;
}

const isManifest = (value: unknown): value is ImageManifest => {
  const { key, release, packages, files } = (value ?? {}) as Partial<ImageManifest>;
  return (
    typeof key === 'string' &&
    /^[0-9a-f]{64}$/.test(key) &&
    typeof release === 'string' &&
    Array.isArray(packages) &&
    Array.isArray(files)
  );
};

export const sha256File = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};

/** How many images are kept: the one in use, and the one before it, which a machine may be reading right now. */
const KEPT_IMAGES = 2;

/** The prepared images below one folder, and which of them is in use. Nothing in it is changed in place. */
export class ImageStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  path(key: string, file: string): string {
    return join(this.#root, key, file);
  }

  /** The image in use; undefined when there is none or its record cannot be read. */
  async current(): Promise<CurrentImage | undefined> {
    const text = await readFile(join(this.#root, 'current.json'), 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      const { manifest, source, checkedAt } = JSON.parse(text) as Partial<CurrentImage>;
      if (!isManifest(manifest) || typeof source !== 'string' || typeof checkedAt !== 'number') return undefined;
      return { manifest, source, checkedAt };
    } catch {
      return undefined;
    }
  }

  /** True when each file of the image has the contents it was published with. */
  async isWhole({ key, files }: ImageManifest): Promise<boolean> {
    const hashes = await Promise.all(files.map(({ name }) => sha256File(this.path(key, name)).catch(() => undefined)));
    return files.length > 0 && files.every(({ sha256 }, index) => hashes[index] === sha256);
  }

  /** Puts an image in its place in one step, replacing a damaged one of the same key. */
  async publish(about: Omit<ImageManifest, 'files'>, files: ReadonlyMap<string, Uint8Array>): Promise<ImageManifest> {
    const fresh = join(this.#root, `.new-${randomUUID()}`);
    const target = join(this.#root, about.key);
    try {
      await mkdir(fresh, { recursive: true });
      for (const [name, data] of files) await writeFile(join(fresh, name), data, { flush: true });
      const hashes = [...files].map(([name, data]) => ({
        name,
        sha256: createHash('sha256').update(data).digest('hex'),
      }));
      await rm(target, { recursive: true, force: true });
      await rename(fresh, target);
      return { ...about, files: hashes };
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  }

  /** Makes an image the one in use. */
  async use(current: CurrentImage): Promise<void> {
    const previous = await this.current();
    const fresh = join(this.#root, `.current-${randomUUID()}`);
    await writeFile(fresh, `${JSON.stringify(current, undefined, 2)}\n`, { flush: true });
    await rename(fresh, join(this.#root, 'current.json'));
    if (previous?.manifest.key !== current.manifest.key)
      await this.#prune([current.manifest.key, previous?.manifest.key]);
  }

  async #prune(kept: readonly (string | undefined)[]): Promise<void> {
    const names = (await readdir(this.#root)).filter((name) => /^[0-9a-f]{64}$|^\.(new|current)-/.test(name));
    const old = names.filter((name) => !kept.slice(0, KEPT_IMAGES).includes(name));
    await Promise.all(old.map((name) => rm(join(this.#root, name), { recursive: true, force: true })));
  }
}
