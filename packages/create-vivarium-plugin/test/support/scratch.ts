import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder that is gone at the end of the block that made it. */
export const scratchFolder = (below: string = tmpdir()) => {
  const path = mkdtempSync(join(below, 'create-vivarium-plugin-'));
  return {
    path,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
};
