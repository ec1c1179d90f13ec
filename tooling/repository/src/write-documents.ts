/** Writes what is generated into the documents: the package table of README.md, and docs/errors.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDocuments } from './documents/check-documents.ts';
import { readWorkspace } from './workspace.ts';

const workspace = readWorkspace(process.cwd());
for (const { file, content } of await generateDocuments(workspace)) {
  if (content === undefined) throw new Error(`${file} has no marks around its generated section`);
  writeFileSync(join(workspace.root, file), content);
  console.log(file);
}
