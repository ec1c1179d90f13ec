/** The repository's own lint: the floors of the architecture and the house rules. Exits with 1 when it finds anything. */
import { parseArgs } from 'node:util';
import { checkDocuments } from './documents/check-documents.ts';
import { checkExamples } from './documents/check-examples.ts';
import { checkLinks } from './documents/check-links.ts';
import { checkDeclaredDependencies } from './floors/check-declared-dependencies.ts';
import { checkImports } from './floors/check-imports.ts';
import { checkDependencies } from './house-rules/dependency-rules.ts';
import { checkFiles } from './house-rules/file-rules.ts';
import { checkPackages } from './house-rules/package-rules.ts';
import { checkText } from './house-rules/text-rules.ts';
import { type Finding, readWorkspace, type Workspace } from './workspace.ts';

/** A check that cannot run has found something, too; the other checks still run. */
const run = async (check: (workspace: Workspace) => Finding[] | Promise<Finding[]>): Promise<Finding[]> => {
  try {
    return await check(workspace);
  } catch (error) {
    return [{ rule: check.name, where: '.', what: error instanceof Error ? error.message : String(error) }];
  }
};

const { values } = parseArgs({ options: { root: { type: 'string', default: process.cwd() } } });
const workspace = readWorkspace(values.root);
const checks = [
  checkImports,
  checkDeclaredDependencies,
  checkText,
  checkFiles,
  checkPackages,
  checkDependencies,
  checkDocuments,
  checkExamples,
  checkLinks,
];
const findings = (await Promise.all(checks.map(run))).flat();
for (const { rule, where, what } of findings) console.error(`${where}  ${rule}: ${what}`);
console.log(`${workspace.packages.length} packages, ${workspace.files.length} files, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
