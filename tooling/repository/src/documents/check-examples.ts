import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { Finding, Workspace } from '../workspace.ts';

/** One example of a README: the code of a block that says `ts`. */
interface Example {
  readonly readme: string;
  /** Where it would stand in its package: beside the tests, so that it sees what its readers would install. */
  readonly path: string;
  readonly code: string;
}

/** The blocks of TypeScript in a Markdown text. */
export const codeBlocks = (markdown: string): string[] =>
  [...markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);

const OPTIONS: ts.CompilerOptions = {
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  customConditions: ['@vivarium/source'],
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  types: ['node'],
};

/** Type-checks the examples in the README of each package, and of the repository: who copies one gets code that compiles. */
export const checkExamples = (workspace: Workspace): Finding[] => {
  // The front page's examples use what a reader of the whole would have: the view of the tooling.
  const homes = [
    { readme: 'README.md', home: 'tooling/repository' },
    ...workspace.packages.map(({ folder }) => ({ readme: `${folder}/README.md`, home: folder })),
  ];
  const examples = homes
    .filter(({ readme }) => existsSync(join(workspace.root, readme)))
    .flatMap(({ readme, home }) =>
      codeBlocks(readFileSync(join(workspace.root, readme), 'utf8')).map(
        (code, index): Example => ({
          readme,
          path: join(workspace.root, home, 'test', `readme-example-${index + 1}.ts`),
          code,
        }),
      ),
    );
  if (examples.length === 0) return [];
  const byPath = new Map(examples.map((example) => [example.path, example]));
  const host = ts.createCompilerHost(OPTIONS);
  const disk = ts.createCompilerHost(OPTIONS);
  host.getCurrentDirectory = () => workspace.root;
  host.fileExists = (path) => byPath.has(path) || disk.fileExists(path);
  host.readFile = (path) => byPath.get(path)?.code ?? disk.readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const example = byPath.get(path);
    if (example === undefined) return disk.getSourceFile(path, language, ...rest);
    return ts.createSourceFile(path, example.code, language, true);
  };
  const program = ts.createProgram([...byPath.keys()], OPTIONS, host);
  return examples.flatMap(({ readme, path }) => {
    const source = program.getSourceFile(path);
    const diagnostics = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return diagnostics.map((diagnostic): Finding => {
      const line = source === undefined ? 0 : source.getLineAndCharacterOfPosition(diagnostic.start ?? 0).line + 1;
      const chain = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n').split('\n');
      // The first link says what is wrong, the last one why; what is between fills screens.
      const message = chain.length === 1 ? chain[0] : `${chain[0]?.slice(0, 120)}… ${chain.at(-1)?.trim()}`;
      return { rule: 'example', where: readme, what: `line ${line} of its example: ${message}` };
    });
  });
};
