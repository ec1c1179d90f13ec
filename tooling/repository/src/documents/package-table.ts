import { FLOORS } from '../floors/floors-table.ts';
import { floorOf } from '../floors/folder-pattern.ts';
import type { Workspace } from '../workspace.ts';

/** The packages that are published, floor by floor from the top, as a Markdown table. */
export const packageTable = (workspace: Workspace): string => {
  const rows = FLOORS.toReversed().flatMap((floor) =>
    workspace.packages
      .filter(({ folder, manifest }) => floorOf(folder) === floor && manifest.private !== true)
      .map(
        ({ folder, manifest }) => `| ${floor.name} | [${manifest.name}](${folder}) | ${manifest.description ?? ''} |`,
      ),
  );
  return ['| floor | package | what |', '|---|---|---|', ...rows].join('\n');
};
