import type { Package } from '@arethetypeswrong/core';
import { SOURCE_CONDITION } from '../house-rules/package-rules.ts';
import type { Finding, WorkspacePackage } from '../workspace.ts';

/** What a check of a packed package reads: `Package` of attw, or a stand-in. */
export type PackedFiles = Pick<Package, 'listFiles' | 'readFile'>;

// Protocols that mean something inside of the workspace only.
const LOCAL_PROTOCOL = /"(?:workspace|catalog|link|file):[^"]*"/;

/** Checks what is inside of a packed package: licence, README, a build of each source, a manifest that stands alone. */
export const checkPackedFiles = (packed: PackedFiles, { folder, manifest }: WorkspacePackage): Finding[] => {
  const root = `/node_modules/${manifest.name}/`;
  const files = new Set(packed.listFiles().map((file) => file.slice(root.length)));
  const findings: Finding[] = [];
  const finding = (what: string): unknown => findings.push({ rule: 'packed', where: folder, what });

  for (const file of ['LICENSE', 'README.md', 'package.json', 'src/index.ts']) {
    if (!files.has(file)) finding(`${file} is missing`);
  }
  for (const file of files) {
    const source = /^src\/(.*)(?<!\.d)\.ts$/.exec(file)?.[1];
    if (source === undefined) continue;
    for (const built of ['.js', '.js.map', '.d.ts', '.d.ts.map']) {
      if (!files.has(`dist/${source}${built}`)) finding(`dist/${source}${built} is missing: build first`);
    }
  }
  for (const file of files) {
    const source = /^dist\/(.*?)\.js$/.exec(file)?.[1];
    if (source !== undefined && !files.has(`src/${source}.ts`))
      finding(`${file} is left over, its source is gone: remove dist and build`);
    // A template is published with its tests.
    if (!file.startsWith('templates/') && /(?:^|\/)(?:test|bench|node_modules|coverage)\//.test(file))
      finding(`${file} should not be published`);
  }
  const text = files.has('package.json') ? packed.readFile(`${root}package.json`) : '';
  if (text.includes(SOURCE_CONDITION)) finding(`package.json still has the condition ${SOURCE_CONDITION}`);
  const local = LOCAL_PROTOCOL.exec(text)?.[0];
  if (local !== undefined) finding(`package.json still names ${local}`);
  return findings;
};
