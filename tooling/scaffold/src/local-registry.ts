import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** One packed package. */
interface Packed {
  readonly file: string;
  readonly manifest: { readonly name: string; readonly version: string };
}

const readPacked = (file: string): Packed => {
  const { status, stdout, stderr } = spawnSync('tar', ['-xOzf', file, 'package/package.json'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} is no packed package: ${stderr}`);
  return { file, manifest: JSON.parse(stdout) as Packed['manifest'] };
};

/** What a registry says of a package that has one version. */
const packument = ({ file, manifest }: Packed, address: string): object => {
  const bytes = readFileSync(file);
  const hash = (algorithm: string, encoding: 'hex' | 'base64'): string =>
    createHash(algorithm).update(bytes).digest(encoding);
  const dist = {
    tarball: `${address}tarballs/${encodeURIComponent(manifest.name)}.tgz`,
    shasum: hash('sha1', 'hex'),
    integrity: `sha512-${hash('sha512', 'base64')}`,
  };
  return {
    name: manifest.name,
    'dist-tags': { latest: manifest.version },
    versions: { [manifest.version]: { ...manifest, dist } },
  };
};

/** A registry that runs. */
export interface LocalRegistry {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * A package registry on this host that has the packed packages of a folder, and sends for everything else to another
 * registry. So that package managers do with our packages what they would do once these are published.
 */
export const startRegistry = async (folder: string, elsewhere: string): Promise<LocalRegistry> => {
  const packed = new Map(
    readdirSync(folder)
      .filter((file) => file.endsWith('.tgz'))
      .map((file) => readPacked(join(folder, file)))
      .map((each) => [each.manifest.name, each]),
  );
  const answer = (url: URL, response: ServerResponse): void => {
    const [, tarball] = /^\/tarballs\/(.+)\.tgz$/.exec(url.pathname) ?? [];
    const file = tarball === undefined ? undefined : packed.get(decodeURIComponent(tarball))?.file;
    const known = packed.get(decodeURIComponent(url.pathname.slice(1)));
    if (file !== undefined) {
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      createReadStream(file).pipe(response);
    } else if (known === undefined) {
      response.writeHead(302, { location: new URL(`${url.pathname.slice(1)}${url.search}`, elsewhere).href }).end();
    } else {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(packument(known, `${url.origin}/`)));
    }
  };
  const server = createServer(({ url = '/', headers }, response) =>
    answer(new URL(url, `http://${headers.host}`), response),
  );
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
};
