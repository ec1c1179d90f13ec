import { memoryFile } from '@vivarium/host-file';
import { contentsAfterCrash, fakeHostFile, seededRandom } from '@vivarium/testkit';
import { describe, expect, it } from 'vitest';
import { createQcow2, openQcow2 } from '../src/index.ts';
import { checkImage } from './check-image.ts';
import { expectSoundAfterCrash } from './crash-states.ts';

describe('a host that dies', () => {
  it.each(['alone', 'over another', 'with a snapshot'] as const)(
    'leaves an image %s sound, with everything that was flushed',
    (kind) => expectSoundAfterCrash(kind, 10),
  );

  it('leaves an image of which the table of reference counts was moving sound', () => {
    const file = memoryFile();
    createQcow2({ file, size: 4 * 1024 * 1024, clusterSize: 512, refcountBits: 64 });
    const setUp = openQcow2({ file });
    // The table counts 2 MiB; so far, nearly all of it is in use.
    const filled = 1_900_000 - (1_900_000 % 512);
    setUp.write(0, [new Uint8Array(filled).fill(1)]);
    setUp.close();
    const before = file.contents();
    const fake = fakeHostFile({ bytes: before });
    const disk = openQcow2({ file: fake });
    expect(disk.write(filled, [new Uint8Array(400 * 1024).fill(2)])).toBeUndefined();
    expect(disk.flush()).toBeUndefined();
    const moves = fake.log.filter((change) => change.kind === 'write' && change.offset === 48);
    expect(moves.length).toBe(1);
    const random = seededRandom(5);
    for (let count = 0; count <= fake.log.length; count += fake.log.length > 400 ? 3 : 1) {
      const image = contentsAfterCrash(before, fake.log, count, random);
      expect(checkImage(image).corruptions).toEqual([]);
      const again = openQcow2({ file: memoryFile({ bytes: image }) });
      const head = new Uint8Array(filled);
      expect(again.read(0, [head])).toBeUndefined();
      expect(head.every((byte) => byte === 1)).toBe(true);
    }
  });
});
