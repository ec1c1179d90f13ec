import type { Finding } from '../workspace.ts';

/** Warnings in what `pnpm publish --dry-run` printed, but for the one that says that it is a dry run. */
export const publishWarnings = (output: string): Finding[] =>
  output
    .split('\n')
    .filter((line) => /\b(?:WARN|ERR)/.test(line) && !/Skip publishing .* \(dry run\)/.test(line))
    .map((line) => ({ rule: 'publish', where: '.', what: line.trim() }));
