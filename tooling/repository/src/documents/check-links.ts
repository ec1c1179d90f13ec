import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Finding, Workspace } from '../workspace.ts';

const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

/** Every relative link in a Markdown file leads to something. */
export const checkLinks = (workspace: Workspace): Finding[] =>
  workspace.files
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      [...readFileSync(join(workspace.root, file), 'utf8').matchAll(LINK)]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(workspace.root, dirname(file), target)))
        .map((target): Finding => ({ rule: 'link', where: file, what: `leads nowhere: ${target}` })),
    );
