import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SharedFile } from '../memory/shared-pages.ts';
import { createPageFile } from './page-tools.ts';

/** Makes files for pages that guests share, in a folder of their own that goes with them. On a tmpfs they are memory. */
export const sharedFiles =
  (folder: string = tmpdir()) =>
  (): SharedFile => {
    const own = mkdtempSync(join(folder, 'vivarium-pages-'));
    const path = join(own, 'pages');
    const file = createPageFile(path);
    return {
      path,
      write: (slot, page) => file.write(slot, page),
      read: (slot, into) => file.read(slot, into),
      close: () => {
        file.close();
        rmSync(own, { recursive: true, force: true });
      },
    };
  };
