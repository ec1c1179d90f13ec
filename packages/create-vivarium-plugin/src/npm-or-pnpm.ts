/** Who installs and runs things in the new package. */
export type PackageManager = 'npm' | 'pnpm';

/** The one that started us, by the user agent it leaves in the environment; npm comes with Node. */
export const packageManagerOf = (userAgent: string | undefined): PackageManager =>
  userAgent?.startsWith('pnpm/') === true ? 'pnpm' : 'npm';

/** A text that speaks of npm, in the words of another. */
export const inWordsOf = (manager: PackageManager, text: string): string =>
  manager === 'npm'
    ? text
    : text
        .replaceAll(/^( *- run: )npm install$/gm, '$1npm install --global pnpm\n$1pnpm install')
        .replaceAll(/^npm install$/gm, 'pnpm install')
        .replaceAll(/\bnpm (?:run )?(build|lint|test)\b/g, 'pnpm $1')
        .replaceAll(/\bnpx viv\b/g, 'pnpm viv');
