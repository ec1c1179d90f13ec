import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readWorkspace, type Workspace } from '../src/workspace.ts';

/** A small workspace on disk with a package on each floor, to break on purpose. */
export class ScratchWorkspace implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), 'vivarium-lint-'));

  constructor() {
    execFileSync('git', ['init', '--quiet'], { cwd: this.root });
    this.write('.gitignore', 'node_modules\n');
    this.addPackage('packages/contracts', '@vivarium/contracts');
    this.addPackage('packages/fdt', '@vivarium/fdt', ['packages/contracts']);
    this.addPackage('packages/kernel', '@vivarium/kernel', ['packages/contracts']);
    this.addPackage('packages/testkit', '@vivarium/testkit', ['packages/contracts', 'packages/kernel']);
    this.addPackage('packages/devices/bell', '@vivarium/device-bell', ['packages/contracts']);
    this.addPackage('packages/devices/lamp', '@vivarium/device-lamp', ['packages/contracts']);
    this.addPackage('packages/boards/shelf', '@vivarium/board-shelf', ['packages/contracts', 'packages/devices/lamp']);
    this.addPackage('packages/host', '@vivarium/host', ['packages/contracts', 'packages/kernel']);
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.root, file)), { recursive: true });
    writeFileSync(join(this.root, file), text);
  }

  /** Adds a package that exports its sources, with links to the folders in `linked`, as a package manager makes them. */
  addPackage(folder: string, name: string, linked: readonly string[] = []): void {
    const manifest = { name, version: '0.1.0', exports: { '.': { '@vivarium/source': './src/index.ts' } } };
    this.write(`${folder}/package.json`, JSON.stringify(manifest));
    this.write(`${folder}/src/index.ts`, `/** ${name} */\nexport const name: string = '${name}';\n`);
    for (const target of linked) this.link(folder, target);
  }

  /** Makes `target` importable by name from `folder`. */
  link(folder: string, target: string): void {
    const [, kind = '', part] = target.split('/');
    const name = part === undefined ? kind : `${kind.replace(/s$/, '')}-${part}`;
    const link = join(this.root, folder, 'node_modules/@vivarium', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(this.root, target), link);
  }

  read(): Workspace {
    return readWorkspace(this.root);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
