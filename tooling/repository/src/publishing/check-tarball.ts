import { readFile } from 'node:fs/promises';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { problemAffectsResolutionKind } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import type { Finding, WorkspacePackage } from '../workspace.ts';
import { checkPackedFiles } from './packed-package.ts';

/** The ways to resolve an import that a package of ECMAScript modules answers to. */
const ESM_RESOLUTIONS = ['node16-esm', 'bundler'] as const;

/** Checks one packed package: what is inside, its entry points (publint), its types (attw, for ESM consumers). */
export const checkTarball = async (file: string, pkg: WorkspacePackage): Promise<Finding[]> => {
  const bytes = new Uint8Array(await readFile(file));
  const packed = createPackageFromTarballData(bytes);
  const { messages, pkg: manifest } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
  const analysis = await checkPackage(packed);
  const problems = analysis.types === false ? [] : analysis.problems;
  return [
    ...checkPackedFiles(packed, pkg),
    ...messages.map(
      (message): Finding => ({
        rule: 'publint',
        where: pkg.folder,
        what: formatMessage(message, manifest) ?? message.code,
      }),
    ),
    ...(analysis.types === false ? [{ rule: 'attw', where: pkg.folder, what: 'has no types' }] : []),
    ...problems
      .filter(
        (problem) =>
          analysis.types !== false &&
          ESM_RESOLUTIONS.some((kind) => problemAffectsResolutionKind(problem, kind, analysis)),
      )
      .map((problem): Finding => ({ rule: 'attw', where: pkg.folder, what: JSON.stringify(problem) })),
  ];
};
