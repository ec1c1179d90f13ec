/** Writes numbered sectors to the image of its first argument and says the number of the last one that was flushed. */
import { openHostFile } from '@vivarium/host-file/node';
import { openQcow2 } from '../src/index.ts';

const [, , path = '', last = '0'] = process.argv;
const disk = openQcow2({ file: openHostFile(path) });
for (let step = Number(last) + 1; ; step++) {
  const sector = new Uint8Array(512);
  new DataView(sector.buffer).setUint32(0, step);
  const place = ((step * 7919) % 520_000) * 512;
  if (disk.write(place, [sector]) !== undefined) throw new Error(`sector ${step} was not written`);
  if (step % 50 === 0) {
    if (disk.flush() !== undefined) throw new Error('not flushed');
    process.stdout.write(`${step}\n`);
  }
}
