import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import type { Finding, Workspace } from '../workspace.ts';
import { importRules } from './import-rules.ts';

/** Checks every import of the workspace against the floors. */
export const checkImports = async (workspace: Workspace): Promise<Finding[]> => {
  const folders = ['packages', 'apps', 'tooling'].filter((folder) => existsSync(join(workspace.root, folder)));
  const { output } = await cruise(
    folders,
    {
      baseDir: workspace.root,
      validate: true,
      ruleSet: { forbidden: importRules() },
      tsPreCompilationDeps: true,
      combinedDependencies: true,
      doNotFollow: { path: 'node_modules' },
      exclude: { path: '(?:^|/)(?:dist|coverage)/' },
    },
    {
      exportsFields: ['exports'],
      conditionNames: ['@vivarium/source', 'types', 'import', 'node', 'default'],
      extensions: ['.ts', '.mts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.d.ts'],
    },
  );
  const result = output as ICruiseResult;
  const comments = new Map(importRules().map((rule) => [rule.name, rule.comment]));
  return result.summary.violations.map((violation) => ({
    rule: violation.rule.name,
    where: violation.from,
    what:
      violation.type === 'cycle' && violation.cycle !== undefined
        ? `cycle: ${violation.from} → ${violation.cycle.map((step) => step.name).join(' → ')}`
        : `imports ${violation.to} (${comments.get(violation.rule.name) ?? violation.rule.name})`,
  }));
};
