import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatProgram, parseProgram, type Program } from './program.ts';

/** Inputs that showed something new, one line each, in one file for each target. */
export const corpusFile = (folder: string, target: string): string => join(folder, `${target}.txt`);

/** What a file has; nothing when there is none. */
export const readCorpus = (file: string): readonly Program[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) => parseProgram(line))
        .filter((program) => program !== undefined)
    : [];

export const keepInput = (folder: string, target: string, program: Program): void => {
  mkdirSync(folder, { recursive: true });
  appendFileSync(corpusFile(folder, target), `${formatProgram(program)}\n`);
};
