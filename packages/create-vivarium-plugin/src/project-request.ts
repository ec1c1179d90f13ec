import type { Kind } from './kinds.ts';
import type { Licence } from './licences.ts';
import type { PackageManager } from './npm-or-pnpm.ts';

/** A plugin package that does not exist yet. */
export interface ProjectRequest {
  /** Name of the npm package, scoped or not. */
  readonly name: string;
  readonly kind: Kind;
  readonly licence: Licence;
  /** Whose work it is; undefined: nobody says so in package.json, and the licence names the authors of the package. */
  readonly author?: string | undefined;
  readonly packageManager: PackageManager;
  /** Of the copyright notice. */
  readonly year: number;
}
