import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { WANTED_MODULES } from '../src/kernel-modules.ts';

const write = (path: string, data: string | Uint8Array): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
};

/** A kernel as far as the preparation looks: the two magics of a RISC-V Image, and bulk that does not compress. */
const kernelImage = (size: number): Buffer => {
  const image = randomBytes(size);
  image.write('RISCV\0\0\0', 0x30, 'latin1');
  image.write('RSC\x05', 0x38, 'latin1');
  return image;
};

/** A request the server answered: the path, and the first byte asked for when it was a range. */
export interface Request {
  readonly path: string;
  readonly from: number | undefined;
}

/**
 * A signed Debian repository of two small packages, made with dpkg-deb and gpg and served over HTTP on the loopback
 * address, whose connections can be made to break.
 */
export class MiniRepository {
  readonly keyring: string;
  readonly requests: Request[] = [];
  /** Bytes of a package after which its connection is cut; undefined: none. */
  cutAfter: number | undefined;
  readonly #root = mkdtempSync(join(tmpdir(), 'viv-repository-'));
  readonly #modules: Buffer;
  /** Stanzas of the packages made so far, by version: publishing a version under two names is the same packages. */
  readonly #made = new Map<string, string>();
  #server: Server | undefined;

  constructor() {
    this.keyring = join(this.#root, 'keyring.gpg');
    this.#modules = this.#compileModule();
    mkdirSync(join(this.#root, 'gnupg'));
    chmodSync(join(this.#root, 'gnupg'), 0o700);
    this.#gpg(['--quick-generate-key', 'Test archive <archive@example.org>', 'ed25519', 'sign', 'never']);
    writeFileSync(this.keyring, this.#gpg(['--export']));
    this.publish('6.1.0', 'stable', 'trixie');
    this.publish('6.1.0', 'trixie', 'trixie');
  }

  get mirror(): string {
    const address = this.#server?.address();
    if (address === null || typeof address !== 'object') throw new Error('the repository is not served');
    const { port } = address;
    return `http://127.0.0.1:${port}/debian`;
  }

  get downloads(): readonly Request[] {
    return this.requests.filter(({ path }) => path.endsWith('.deb'));
  }

  #gpg(args: readonly string[], input?: string): Buffer {
    const options = [
      '--homedir',
      join(this.#root, 'gnupg'),
      '--batch',
      '--passphrase',
      '',
      '--pinentry-mode',
      'loopback',
    ];
    return execFileSync('gpg', [...options, ...args], { input, stdio: ['pipe', 'pipe', 'ignore'] });
  }

  #compileModule(): Buffer {
    const source = join(this.#root, 'module.c');
    writeFileSync(source, 'const char info[] __attribute__((section(".modinfo"), used)) = "depends=\\0alias=x:*";\n');
    execFileSync('riscv64-linux-gnu-gcc', ['-c', '-o', join(this.#root, 'module.o'), source]);
    return readFileSync(join(this.#root, 'module.o'));
  }

  #package(
    name: string,
    version: string,
    depends: string,
    files: Readonly<Record<string, string | Uint8Array>>,
  ): string {
    const tree = join(this.#root, 'tree');
    rmSync(tree, { recursive: true, force: true });
    const control = `Package: ${name}\nVersion: ${version}\nArchitecture: riscv64\nMaintainer: Test <test@example.org>\n${
      depends === '' ? '' : `Depends: ${depends}\n`
    }Description: test\n`;
    write(join(tree, 'DEBIAN/control'), control);
    for (const [path, data] of Object.entries(files)) write(join(tree, path), data);
    const path = `pool/${name}_${version.replace(':', '%3a')}_riscv64.deb`;
    const file = join(this.#root, 'debian', path);
    mkdirSync(dirname(file), { recursive: true });
    execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, file], {
      stdio: 'ignore',
      // The same files make the same package, whenever it is made.
      env: { ...process.env, SOURCE_DATE_EPOCH: '0' },
    });
    const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
    return `${control}Filename: ${path}\nSize: ${statSync(file).size}\nSHA256: ${sha256}\n\n`;
  }

  #packages(version: string): string {
    const release = `${version}+test-riscv64`;
    const modules = Object.fromEntries(
      WANTED_MODULES.map((name) => [`usr/lib/modules/${release}/kernel/test/${name}.ko`, this.#modules]),
    );
    return [
      this.#package('linux-image-riscv64', version, `linux-image-${release} (= ${version})`, {}),
      this.#package(`linux-image-${release}`, version, '', {
        [`boot/vmlinux-${release}`]: kernelImage(3_000_000),
        [`boot/System.map-${release}`]: 'ffffffff80000000 T _start\n'.repeat(100),
        [`usr/lib/modules/${release}/modules.builtin`]: 'kernel/fs/fuse/fuse.ko\n',
        ...modules,
      }),
      this.#package('busybox-static', '1:1.0', '', { 'usr/bin/busybox': 'ELF [\0[[\0cat\0sh\0\0' }),
    ].join('');
  }

  /** Publishes a kernel of this version, and busybox, under a suite's name. */
  publish(version: string, suite: string, codename: string, changes: { readonly breakIndex?: boolean } = {}): void {
    const packages = this.#made.get(version) ?? this.#packages(version);
    this.#made.set(version, packages);
    const dist = join(this.#root, 'debian/dists', suite);
    const sha256 = createHash('sha256').update(packages).digest('hex');
    write(join(dist, 'main/binary-riscv64/Packages'), changes.breakIndex ? `${packages}\n` : packages);
    const index = `Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: ${codename}\nVersion: 13.0\nDate: ${new Date().toUTCString().replace('GMT', 'UTC')}\nArchitectures: riscv64\nComponents: main\nSHA256:\n ${sha256} ${Buffer.byteLength(packages)} main/binary-riscv64/Packages\n`;
    write(join(dist, 'InRelease'), this.#gpg(['--clearsign', '--output', '-'], index));
  }

  /** Damages a published package: same name and size, other contents. */
  tamper(part: string): void {
    const folder = join(this.#root, 'debian/pool');
    const name = readdirSync(folder).find((each) => each.startsWith(part));
    if (name === undefined) throw new Error(`the repository has no ${part}`);
    const bytes = readFileSync(join(folder, name));
    bytes[bytes.length >> 1] ^= 0xff;
    writeFileSync(join(folder, name), bytes);
  }

  async serve(): Promise<void> {
    const server = createServer((request, response) => {
      const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
      const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
      const from = range === undefined ? undefined : Number(range);
      this.requests.push({ path, from });
      let data: Buffer;
      try {
        // apt asks for %3a of the file name as %253a.
        data = readFileSync(join(this.#root, path));
      } catch {
        response.writeHead(404).end();
        return;
      }
      const headers = { 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT', 'accept-ranges': 'bytes' };
      const rest = data.subarray(from ?? 0);
      response.writeHead(from === undefined ? 200 : 206, {
        ...headers,
        'content-length': rest.length,
        ...(from === undefined ? {} : { 'content-range': `bytes ${from}-${data.length - 1}/${data.length}` }),
      });
      if (this.cutAfter === undefined || !path.endsWith('.deb')) response.end(rest);
      else response.write(rest.subarray(0, Math.max(0, this.cutAfter - (from ?? 0))), () => response.destroy());
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
    execFileSync('gpgconf', ['--homedir', join(this.#root, 'gnupg'), '--kill', 'all']);
    rmSync(this.#root, { recursive: true, force: true });
  }
}
