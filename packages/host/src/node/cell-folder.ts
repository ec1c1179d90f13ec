import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { LAST_WORD, SOCKET } from './process-protocol.ts';

const identity = z.object({ pid: z.int().min(0), began: z.string().max(64) });

/** What a host notes of a process cell, where the cell cannot write. */
const record = z.object({
  version: z.literal(1),
  name: z.string().min(1).max(128),
  /** The host that looks after it. */
  host: identity,
  /** Absent until it was started. */
  cell: identity.optional(),
  keepsake: z.unknown().optional(),
});
export type CellRecord = z.infer<typeof record>;

const LARGEST_FILE = 8 << 20;

const readJson = async (path: string): Promise<unknown> => {
  try {
    const file = await open(path);
    try {
      if ((await file.stat()).size > LARGEST_FILE) return undefined;
      return JSON.parse(await file.readFile('utf8'));
    } finally {
      await file.close();
    }
  } catch {
    return undefined;
  }
};

/** The folder of one process cell: the host's record, what the cell prints, and `work`, which is the cell's. */
export class CellFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** A new one below `root`, which is made if need be, or among temporary files; others cannot look into it. */
  static async create(root: string | undefined): Promise<CellFolder> {
    if (root !== undefined) await mkdir(root, { recursive: true, mode: 0o700 });
    const path =
      root === undefined ? await mkdtemp(join(tmpdir(), 'vivarium-')) : join(root, randomBytes(6).toString('hex'));
    const folder = new CellFolder(path);
    await mkdir(folder.work, { recursive: true, mode: 0o700 });
    return folder;
  }

  /** Those that are there. */
  static async all(root: string): Promise<readonly CellFolder[]> {
    const names = await readdir(root).catch(() => []);
    return names.filter((name) => /^[0-9a-f]{12}$/.test(name)).map((name) => new CellFolder(join(root, name)));
  }

  get work(): string {
    return join(this.path, 'work');
  }

  get socket(): string {
    return join(this.work, SOCKET);
  }

  get log(): string {
    return join(this.path, 'log');
  }

  /** Writes the record so that it is there as a whole or as it was. */
  async note(noted: CellRecord): Promise<void> {
    const fresh = join(this.path, 'cell.json.new');
    await writeFile(fresh, JSON.stringify(noted), { mode: 0o600 });
    await rename(fresh, join(this.path, 'cell.json'));
  }

  async record(): Promise<CellRecord | undefined> {
    return record.safeParse(await readJson(join(this.path, 'cell.json'))).data;
  }

  /** What the cell wrote when its run was over and no host was there; not checked. */
  lastWord(): Promise<unknown> {
    return readJson(join(this.work, LAST_WORD));
  }

  /** The end of what the cell printed. */
  async printed(): Promise<string> {
    const text = await readFile(this.log, 'utf8').catch(() => '');
    return text.slice(-8192);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
