import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dependency, orderByDependency } from '../src/dependency-order.ts';

/** Any directed graph of up to 12 parts; edges among them, with loops and doubles. */
const graph = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.record({
    ids: fc.constant(Array.from({ length: count }, (_, index) => `p${index}`)),
    edges: fc.array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 30 }),
  }),
);

const dependency = ([from, to]: readonly [number, number]): Dependency => ({
  from: `p${from}`,
  to: `p${to}`,
  why: 'x',
});

/** Whether anything reaches itself, by brute force. */
const hasCycle = (ids: readonly string[], dependencies: readonly Dependency[]): boolean => {
  const reach = new Set(dependencies.map(({ from, to }) => `${from} ${to}`));
  for (const via of ids) {
    for (const from of ids) {
      for (const to of ids) if (reach.has(`${from} ${via}`) && reach.has(`${via} ${to}`)) reach.add(`${from} ${to}`);
    }
  }
  return ids.some((id) => reach.has(`${id} ${id}`));
};

describe('dependency order', () => {
  it('puts every part of a random acyclic graph after what it depends on, and otherwise keeps the order of the spec', () => {
    // A random permutation gives each edge a direction, so that no circle can arise.
    const acyclic = graph.chain(({ ids, edges }) =>
      fc.shuffledSubarray(ids, { minLength: ids.length }).map((ranks) => ({
        ids,
        dependencies: edges
          .map(dependency)
          .filter(({ from, to }) => from !== to)
          .map((edge) =>
            ranks.indexOf(edge.from) < ranks.indexOf(edge.to) ? edge : { ...edge, from: edge.to, to: edge.from },
          ),
      })),
    );
    fc.assert(
      fc.property(acyclic, ({ ids, dependencies }) => {
        const { order } = orderByDependency(ids, dependencies);
        expect(order?.toSorted()).toEqual(ids.toSorted());
        // Stable: at each place stands the first part of the spec of which everything needed has come.
        const placed = new Set<string>();
        for (const id of order ?? []) {
          const first = ids.find(
            (other) => !placed.has(other) && dependencies.every(({ from, to }) => from !== other || placed.has(to)),
          );
          expect(id).toBe(first);
          placed.add(id);
        }
      }),
    );
  });

  it('refuses a random graph exactly when it has a cycle, and names one that is really there', () => {
    let refused = 0;
    fc.assert(
      fc.property(graph, ({ ids, edges }) => {
        const dependencies = edges.map(dependency);
        const { cycle } = orderByDependency(ids, dependencies);
        expect(cycle !== undefined).toBe(hasCycle(ids, dependencies));
        if (cycle === undefined) return;
        refused++;
        expect(cycle.length).toBeGreaterThan(0);
        for (const [index, step] of cycle.entries()) {
          expect(dependencies).toContainEqual(step);
          expect(step.to).toBe(cycle[(index + 1) % cycle.length]?.from);
        }
        expect(new Set(cycle.map(({ from }) => from)).size).toBe(cycle.length);
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(50);
  });
});
