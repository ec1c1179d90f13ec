/** Part `from` can only be set up after part `to`. */
export interface Dependency {
  readonly from: string;
  readonly to: string;
  /** What for, for messages: a token id, or an interrupt line. */
  readonly why: string;
}

/** The ids in an order in which each comes after everything it depends on, or a circle that prevents it. */
export type DependencyOrder =
  | { readonly order: readonly string[]; readonly cycle?: undefined }
  | { readonly order?: undefined; readonly cycle: readonly Dependency[] };

/**
 * Sorts `ids` so that each follows its dependencies. Stable: of all parts that could come next, the one that stands
 * first in `ids` does. Every end of a dependency must be in `ids`.
 */
export const orderByDependency = (ids: readonly string[], dependencies: readonly Dependency[]): DependencyOrder => {
  const needs = new Map<string, Dependency[]>(ids.map((id) => [id, []]));
  for (const dependency of dependencies) needs.get(dependency.from)?.push(dependency);

  const order: string[] = [];
  const done = new Set<string>();
  const waiting = [...ids];
  while (waiting.length > 0) {
    const next = waiting.findIndex((id) => (needs.get(id) ?? []).every(({ to }) => done.has(to)));
    if (next === -1) return { cycle: findCycle(waiting, needs, done) };
    for (const id of waiting.splice(next, 1)) {
      order.push(id);
      done.add(id);
    }
  }
  return { order };
};

/** Every waiting part needs another waiting one, so following any such need must come back to where it has been. */
const findCycle = (
  waiting: readonly string[],
  needs: ReadonlyMap<string, readonly Dependency[]>,
  done: ReadonlySet<string>,
): readonly Dependency[] => {
  const path: Dependency[] = [];
  let at = waiting[0];
  while (at !== undefined) {
    const from: string = at;
    const start = path.findIndex((dependency) => dependency.from === from);
    if (start !== -1) return path.slice(start);
    const need: Dependency | undefined = needs.get(from)?.find(({ to }) => !done.has(to));
    if (need === undefined) break;
    path.push(need);
    at = need.to;
  }
  return path;
};
