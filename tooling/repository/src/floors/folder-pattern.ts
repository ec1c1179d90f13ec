import { FLOORS, type Floor } from './floors-table.ts';

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

/** Source of a regular expression that matches any of the package folders, without anchors. */
export const folderPattern = (folders: readonly string[]): string =>
  `(?:${folders.map((folder) => escaped(folder).replaceAll('*', '[^/]+')).join('|')})`;

/** The floor that `folder` belongs to. */
export const floorOf = (folder: string): Floor | undefined =>
  FLOORS.find((floor) => new RegExp(`^${folderPattern(floor.folders)}$`).test(folder));

/** Folders of the floors with these names. */
export const foldersOf = (names: readonly string[]): readonly string[] =>
  FLOORS.filter((floor) => names.includes(floor.name)).flatMap((floor) => floor.folders);
