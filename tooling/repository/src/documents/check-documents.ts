import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, Workspace } from '../workspace.ts';
import { replaceSection } from './generated-section.ts';
import { errorPage, readErrorTables, sharedCodes } from './error-page.ts';
import { packageTable } from './package-table.ts';

/** A document that is generated whole or in part, as it should be now. */
export interface GeneratedDocument {
  readonly file: string;
  /** Undefined when the file has no place for what is generated. */
  readonly content: string | undefined;
}

const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** What the generated documents should hold. */
export const generateDocuments = async (workspace: Workspace): Promise<GeneratedDocument[]> => [
  {
    file: 'README.md',
    content: replaceSection(read(join(workspace.root, 'README.md')), 'packages', packageTable(workspace)),
  },
  { file: 'docs/errors.md', content: errorPage(await readErrorTables(workspace)) },
];

/** Finds generated documents that are not current, and packages whose errors do not reach them. */
export const checkDocuments = async (workspace: Workspace): Promise<Finding[]> => {
  const tables = await readErrorTables(workspace);
  const documents = await generateDocuments(workspace);
  const stale = documents
    .filter(({ file, content }) => content === undefined || read(join(workspace.root, file)) !== content)
    .map(({ file }): Finding => ({ rule: 'documents', where: file, what: 'is not current: run pnpm documents' }));
  const shared = sharedCodes(tables).map(
    (code): Finding => ({ rule: 'error-code', where: 'docs/errors.md', what: `${code} is claimed by two packages` }),
  );
  const silent = workspace.packages
    .filter(({ manifest }) => manifest.private !== true && manifest.name !== '@vivarium/contracts')
    .filter(({ manifest }) => !tables.some(({ name }) => name === manifest.name))
    .filter(({ folder }) =>
      workspace.files.some(
        (file) =>
          file.startsWith(`${folder}/src/`) &&
          /\bdefineErrors\s*\(/.test(readFileSync(join(workspace.root, file), 'utf8')),
      ),
    )
    .map(
      ({ folder }): Finding => ({
        rule: 'error-table',
        where: folder,
        what: 'src/index.ts does not export its errorTable',
      }),
    );
  return [...stale, ...shared, ...silent];
};
