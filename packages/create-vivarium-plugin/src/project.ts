import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationFiles } from './configuration.ts';
import { wordsOf } from './names.ts';
import { inWordsOf } from './npm-or-pnpm.ts';
import type { ProjectRequest } from './project-request.ts';

const TEMPLATES = fileURLToPath(new URL('../templates', import.meta.url));

/** Files below a folder of `templates/`, path → text. */
const templateFiles = (folder: string): ReadonlyMap<string, string> => {
  const root = join(TEMPLATES, folder);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const file = join(parentPath, name);
      return [relative(root, file).replaceAll(sep, '/'), readFileSync(file, 'utf8')];
    }),
  );
};

/** Every identifier in the code of a template, but for those that stand for the plugin. */
const identifiers = (template: ReadonlyMap<string, string>): ReadonlySet<string> => {
  const code = [...template].filter(([path]) => path.endsWith('.ts')).map(([, text]) => text);
  return new Set(code.join('\n').match(/[A-Za-z_$][\w$]*/g));
};

const licenceText = ({ name, licence, author, year }: ProjectRequest): string => {
  const text = readFileSync(join(TEMPLATES, 'licenses', `${licence}.txt`), 'utf8');
  return text.replace('YEAR', `${year}`).replace('HOLDER', () => author ?? `The authors of ${name}`);
};

/** All files of a new plugin package, path → text. Throws nothing for a name that was checked. */
export const projectFiles = (request: ProjectRequest): ReadonlyMap<string, string> => {
  const template = templateFiles(request.kind);
  const words = wordsOf(request.name, identifiers(template));
  const stands: Readonly<Record<string, string>> = {
    'sample-package': words.package,
    'sample-device': words.kebab,
    SampleDevice: words.pascal,
    sampleDevice: words.camel,
    SAMPLE_DEVICE: words.upper,
  };
  const named = (text: string): string =>
    text.replaceAll(new RegExp(Object.keys(stands).join('|'), 'g'), (word) => stands[word] ?? word);
  return new Map([
    ...configurationFiles(request),
    ...[...template].map(([path, text]): [string, string] => [
      named(path),
      named(path.endsWith('.ts') ? text : inWordsOf(request.packageManager, text)),
    ]),
    ...(request.licence === 'UNLICENSED' ? [] : ([['LICENSE', licenceText(request)]] as const)),
  ]);
};
