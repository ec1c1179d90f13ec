import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FlowGraph, type FlowLayout, layOut, type Scope } from '../src/translate/layout.ts';

/** What is open at one position, and where control goes from there; as WebAssembly has it. */
class Structure {
  readonly #layout: FlowLayout;
  readonly #entries: readonly number[];
  /** Scopes around the dispatcher in front, and around the code at each position. */
  readonly #front: readonly Scope[];
  readonly #open: readonly (readonly Scope[])[];
  /** Positions where the name of a final target is forgotten, because it was reached. */
  readonly #named: ReadonlySet<number>;
  /** Position + 1 of the final target, or 0. */
  #label = 0;

  constructor(graph: FlowGraph, layout: FlowLayout) {
    this.#layout = layout;
    this.#entries = graph.entries.map((block) => layout.positions[block]);
    this.#named = new Set([...this.#entries, ...[...layout.dispatches.values()].flat()]);
    const stack: Scope[] = [];
    const open: (readonly Scope[])[] = [];
    let front: readonly Scope[] = [];
    layout.order.forEach((_, position) => {
      while ((stack.at(-1)?.end ?? Number.POSITIVE_INFINITY) <= position) stack.pop();
      // Whatever ends here was innermost; else the scopes would not nest.
      for (const scope of stack) expect(scope.end).toBeGreaterThan(position);
      const opening = layout.opening[position];
      const loop = opening.findIndex((scope) => scope.kind === 'loop');
      for (const [number, scope] of opening.entries()) {
        expect(scope.start).toBe(position);
        expect(scope.end).toBeGreaterThan(position);
        expect(scope.end).toBeLessThanOrEqual(stack.at(-1)?.end ?? layout.order.length);
        if (position === 0 && number === loop) front = [...stack];
        stack.push(scope);
      }
      if (position === 0 && loop < 0) front = [...stack];
      open.push([...stack]);
    });
    this.#front = front;
    this.#open = open;
  }

  /** Arrives at a position from outside of the construct there, and gives the position of the block that runs. */
  #arrive(position: number): number {
    // One loop at most begins at a position; its dispatch stands inside of everything that opens there.
    const targets = this.#layout.dispatches.get(position);
    if (targets !== undefined && targets.includes(this.#label - 1)) {
      const { via } = this.#layout.route(position, this.#label - 1);
      expect(via).toBeGreaterThanOrEqual(position);
      if (via > position) return this.#branch(this.#open[position], position, via);
    }
    if (this.#named.has(position)) this.#label = 0;
    return position;
  }

  #branch(open: readonly Scope[], from: number, via: number): number {
    const kind = via <= from ? 'loop' : 'block';
    expect(open.some((scope) => scope.kind === kind && scope.target === via)).toBe(true);
    return this.#arrive(via);
  }

  /** Enters at an entry: in front of everything, by its name. */
  enter(block: number): number {
    const to = this.#layout.positions[block];
    expect(this.#entries).toContain(to);
    this.#label = to + 1;
    const { via } = this.#layout.route(-1, to);
    return this.#layout.order[via > 0 ? this.#branch(this.#front, -1, via) : this.#arrive(0)];
  }

  /** Goes from a block to one of its successors. */
  follow(from: number, successor: number): number {
    const [position, to] = [this.#layout.positions[from], this.#layout.positions[successor]];
    expect(this.#label).toBe(0);
    const route = this.#layout.route(position, to);
    if (route.kind === 'dispatched') this.#label = to + 1;
    else if (to === position + 1) return this.#layout.order[this.#arrive(to)];
    else expect(route.via).toBe(to);
    return this.#layout.order[this.#branch(this.#open[position], position, route.via)];
  }
}

/** Walks a graph by choices, and checks that the structure goes the same way. */
const walk = (graph: FlowGraph, choices: readonly number[]): number => {
  const structure = new Structure(graph, layOut(graph));
  const enter = (choice: number): number => graph.entries[choice % graph.entries.length];
  let at = enter(0);
  expect(structure.enter(at)).toBe(at);
  let steps = 0;
  for (const choice of choices) {
    const successors = graph.successors[at];
    // Now and then, and where nothing follows, it is an indirect jump to an entry.
    if (successors.length === 0 || choice % 7 === 0) {
      at = enter(choice);
      expect(structure.enter(at)).toBe(at);
    } else {
      const next = successors[choice % successors.length];
      expect(structure.follow(at, next)).toBe(next);
      at = next;
      steps += 1;
    }
  }
  return steps;
};

const randomGraph = (most: number): fc.Arbitrary<FlowGraph> =>
  fc.integer({ min: 1, max: most }).chain((count) =>
    fc.record({
      successors: fc.array(fc.array(fc.nat(count - 1), { maxLength: 2 }), { minLength: count, maxLength: count }),
      entries: fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: Math.min(5, count) }),
    }),
  );

/** Graphs as compilers make them: blocks in order, mostly falling through, with nested loops and jumps out of them. */
const nearlyStructured: fc.Arbitrary<FlowGraph> = fc.integer({ min: 2, max: 40 }).chain((count) =>
  fc
    .record({
      jumps: fc.array(fc.tuple(fc.integer({ min: -9, max: 9 }), fc.nat(3)), { minLength: count, maxLength: count }),
      entries: fc.uniqueArray(fc.nat(count - 1), { minLength: 1, maxLength: 4 }),
    })
    .map(({ jumps, entries }) => ({
      entries,
      successors: jumps.map(([distance, kind], block) => {
        const next = Math.min(block + 1, count - 1);
        const target = Math.max(0, Math.min(count - 1, block + distance));
        return kind === 0 ? [next] : kind === 3 ? [target] : [target, next];
      }),
    })),
);

const choices = fc.array(fc.nat(1000), { minLength: 20, maxLength: 120 });

describe('a laid-out flow graph', () => {
  it('is walked as the graph itself, whatever the graph', () => {
    fc.assert(
      fc.property(randomGraph(14), choices, (graph, list) => void walk(graph, list)),
      {
        numRuns: 1000,
      },
    );
  });

  it('is walked as the graph itself when it is large', () => {
    fc.assert(
      fc.property(randomGraph(60), choices, (graph, list) => void walk(graph, list)),
      { numRuns: 300 },
    );
  });

  it('is walked as the graph itself when it is nearly structured', () => {
    fc.assert(
      fc.property(nearlyStructured, choices, (graph, list) => void walk(graph, list)),
      { numRuns: 700 },
    );
  });

  it.each<[string, FlowGraph]>([
    ['a block alone', { successors: [[]], entries: [0] }],
    ['a block that loops to itself', { successors: [[0]], entries: [0] }],
    ['a branch whose ways meet', { successors: [[1, 2], [3], [3], []], entries: [0] }],
    ['loops in loops', { successors: [[1], [2], [2, 3], [1, 4], [0, 5], []], entries: [0] }],
    ['loops in loops entered at each head', { successors: [[1], [2], [2, 3], [1, 4], [0, 5], []], entries: [0, 1, 2] }],
    ['two ways into a loop', { successors: [[1, 2], [2], [1, 3], []], entries: [0] }],
    [
      'three blocks that all lead to each other',
      {
        successors: [
          [1, 2],
          [0, 2],
          [0, 1],
        ],
        entries: [0, 1, 2],
      },
    ],
    ['an entry in the middle of an inner loop', { successors: [[1], [2], [3], [1, 4], [0]], entries: [0, 3] }],
  ])('holds for %s', (_, graph) => {
    // Every sequence of six choices of two.
    for (let bits = 0; bits < 64; bits += 1) {
      walk(
        graph,
        Array.from({ length: 6 }, (__, place) => 1 + ((bits >> place) & 1)),
      );
      walk(
        graph,
        Array.from({ length: 12 }, (__, place) => ((bits >> (place % 6)) & 1) * 7 + place),
      );
    }
  });

  it('needs no dispatch for a reducible graph with one entry', () => {
    const graph = { successors: [[1], [2, 5], [3], [3, 4], [2, 1], []], entries: [0] };
    expect(layOut(graph).dispatches.size).toBe(0);
    expect(layOut(graph).order).toEqual([0, 1, 5, 2, 3, 4]);
  });
});
