import { readFileSync } from 'node:fs';
import { KINDS } from './kinds.ts';
import type { ProjectRequest } from './project-request.ts';

/** The compiler for new packages: the workspace has it under another name, so its manifest cannot say. */
export const TYPESCRIPT = '^7.0.2';

/** The ranges that this package's own manifest has for what a new one needs; publishing fills them in. */
const ownRanges = (): ((name: string) => string) => {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  const { dependencies, devDependencies } = JSON.parse(text) as Record<string, Readonly<Record<string, string>>>;
  const ranges: Readonly<Record<string, string>> = { ...devDependencies, ...dependencies };
  return (name) => ranges[name] ?? '*';
};

const manifest = ({ name, kind, licence, author }: ProjectRequest): object => {
  const range = ownRanges();
  const pick = (...names: readonly string[]) => Object.fromEntries(names.map((each) => [each, range(each)]));
  return {
    name,
    version: '0.1.0',
    ...(licence === 'UNLICENSED' ? { private: true } : {}),
    description: `A ${KINDS[kind].label} for Vivarium machines`,
    keywords: ['vivarium', 'vivarium-plugin'],
    license: licence,
    ...(author === undefined ? {} : { author }),
    type: 'module',
    sideEffects: false,
    engines: { node: '>=22.18' },
    files: ['dist', 'src'],
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    scripts: {
      build: 'tsc -p tsconfig.build.json',
      test: 'vitest run',
      lint: 'tsc && biome check',
      format: 'biome format --write',
      prepack: 'tsc -p tsconfig.build.json',
    },
    dependencies: pick('zod'),
    // One copy of the contracts for the machine and everything in it.
    peerDependencies: pick('@vivarium/contracts'),
    devDependencies: {
      ...pick('@biomejs/biome', '@vivarium/cli', '@vivarium/contracts', '@vivarium/testkit'),
      typescript: TYPESCRIPT,
      ...pick('vitest'),
    },
  };
};

const TSCONFIG = {
  compilerOptions: {
    target: 'ES2023',
    // Plugins run in browsers' workers, too.
    lib: ['ES2023', 'WebWorker'],
    module: 'NodeNext',
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noFallthroughCasesInSwitch: true,
    noImplicitOverride: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    rewriteRelativeImportExtensions: true,
    skipLibCheck: true,
    noEmit: true,
  },
  include: ['src', 'test'],
};

const TSCONFIG_BUILD = {
  extends: './tsconfig.json',
  compilerOptions: {
    noEmit: false,
    rootDir: 'src',
    outDir: 'dist',
    declaration: true,
    declarationMap: true,
    sourceMap: true,
  },
  include: ['src'],
};

const BIOME = {
  vcs: { enabled: false },
  files: { includes: ['**/*.ts', '**/*.json', '!dist'] },
  formatter: { indentStyle: 'space', indentWidth: 2, lineWidth: 120 },
  javascript: { formatter: { quoteStyle: 'single' } },
  assist: { enabled: false },
};

const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

/** As formatters write it: short lists on one line. package.json stays as npm writes it. */
const compactJson = (value: object): string =>
  json(value).replaceAll(
    /\[\n\s+([^[\]{}]*?)\n\s+\]/g,
    (_list, items: string) => `[${items.replaceAll(/\n\s+/g, ' ')}]`,
  );

/** The files that tools read, path → text. */
export const configurationFiles = (request: ProjectRequest): ReadonlyMap<string, string> =>
  new Map([
    ['package.json', json(manifest(request))],
    ['tsconfig.json', compactJson(TSCONFIG)],
    ['tsconfig.build.json', compactJson(TSCONFIG_BUILD)],
    ['biome.json', compactJson(BIOME)],
    ['.gitignore', 'node_modules/\ndist/\n'],
  ]);
