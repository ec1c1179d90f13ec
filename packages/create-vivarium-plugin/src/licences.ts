/** SPDX identifiers of the licences on offer. `UNLICENSED` is npm's word for none: the package is then private. */
export const LICENCES = ['MIT', 'Apache-2.0', 'ISC', 'BSD-3-Clause', 'UNLICENSED'] as const;

export type Licence = (typeof LICENCES)[number];
