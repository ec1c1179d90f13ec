import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startRegistry } from '../src/local-registry.ts';

const MANIFEST = { name: '@me/lamp', version: '1.2.3', dependencies: { zod: '^4.0.0' } };

/** A registry with one package, made by tar(1). */
const registryWithLamp = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-registry-'));
  mkdirSync(join(folder, 'package'));
  writeFileSync(join(folder, 'package/package.json'), JSON.stringify(MANIFEST));
  execFileSync('tar', ['-czf', 'lamp.tgz', 'package'], { cwd: folder });
  const registry = await startRegistry(folder, 'https://elsewhere.example/npm/');
  return {
    address: registry.address,
    tarball: readFileSync(join(folder, 'lamp.tgz')),
    [Symbol.asyncDispose]: async () => {
      await registry.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

describe('the registry on this host', () => {
  // Package managers write the slash of a scope as %2f.
  it.each(['@me/lamp', '@me%2flamp'])('describes a packed package, asked for as %s', async (name) => {
    await using registry = await registryWithLamp();
    const integrity = `sha512-${createHash('sha512').update(registry.tarball).digest('base64')}`;
    expect(await (await fetch(registry.address + name)).json()).toMatchObject({
      name: '@me/lamp',
      'dist-tags': { latest: '1.2.3' },
      versions: { '1.2.3': { ...MANIFEST, dist: { integrity } } },
    });
  });

  it('hands out the package under the address it names', async () => {
    await using registry = await registryWithLamp();
    const about = (await (await fetch(`${registry.address}@me/lamp`)).json()) as {
      readonly versions: { readonly '1.2.3': { readonly dist: { readonly tarball: string } } };
    };
    const { tarball } = about.versions['1.2.3'].dist;
    expect(Buffer.from(await (await fetch(tarball)).arrayBuffer()).equals(registry.tarball)).toBe(true);
  });

  it.each(['zod', '@types/node', '@types%2fnode', 'zod/-/zod-4.6.7.tgz', 'tarballs/zod.tgz'])(
    'sends elsewhere for %s',
    async (path) => {
      await using registry = await registryWithLamp();
      const { status, headers } = await fetch(registry.address + path, { redirect: 'manual' });
      expect({ status, location: headers.get('location') }).toEqual({
        status: 302,
        location: `https://elsewhere.example/npm/${path}`,
      });
    },
  );
});
