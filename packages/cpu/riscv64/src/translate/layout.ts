// Hot code: runs once for each region that is translated.

/** A block of a flow graph by number; block 0…n−1 in any order. */
export interface FlowGraph {
  /** Successors of each block inside the graph. */
  readonly successors: readonly (readonly number[])[];
  /** Blocks that the dispatcher can go to. */
  readonly entries: readonly number[];
}

/** A construct of structured control flow, from before position `start` to before position `end`. */
export interface Scope {
  readonly kind: 'block' | 'loop';
  readonly start: number;
  readonly end: number;
  /** Where a branch to it goes: a block's end, a loop's start. */
  readonly target: number;
}

/** How to go from one position to another. */
export type Route =
  /** Branch to the scope whose target is `via`. */
  | { readonly kind: 'direct'; readonly via: number }
  /** Into the middle of a loop: name the final target, then branch to `via`, whose loop dispatches. */
  | { readonly kind: 'dispatched'; readonly via: number };

/** The flow graph in a linear order with scopes around it. Positions number the blocks in that order. */
export interface FlowLayout {
  /** Block at each position. */
  readonly order: readonly number[];
  readonly positions: readonly number[];
  /** Scopes that open before a position, outermost first. */
  readonly opening: readonly (readonly Scope[])[];
  /** Positions that each loop's dispatch must reach, by the loop's start. */
  readonly dispatches: ReadonlyMap<number, readonly number[]>;
  /** `from` −1 is the dispatcher in front of everything. */
  route(from: number, to: number): Route;
}

/** Reverse postorder over the graph from its entries. */
const reversePostorder = (graph: FlowGraph): readonly number[] => {
  const order: number[] = [];
  const state = new Uint8Array(graph.successors.length);
  for (const entry of [...graph.entries].reverse()) {
    const stack: { block: number; next: number }[] = state[entry] === 0 ? [{ block: entry, next: 0 }] : [];
    state[entry] = 1;
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      // The last successor (the fall-through) is visited last, so that it comes right behind its block.
      const successor = graph.successors[top.block]?.[top.next];
      top.next += 1;
      if (successor === undefined) {
        order.push(top.block);
        stack.pop();
      } else if (state[successor] === 0) {
        state[successor] = 1;
        stack.push({ block: successor, next: 0 });
      }
    }
  }
  return order.reverse();
};

interface Interval {
  start: number;
  end: number;
}

/** Loops: from the target of a backward edge to its last source, made to nest by growing. */
const findLoops = (edges: readonly (readonly [number, number])[]): Interval[] => {
  const ends = new Map<number, number>();
  for (const [from, to] of edges) {
    if (to <= from) ends.set(to, Math.max(ends.get(to) ?? 0, from + 1));
  }
  const loops = [...ends].map(([start, end]) => ({ start, end })).sort((a, b) => a.start - b.start);
  for (let changed = true; changed; ) {
    changed = false;
    for (const outer of loops) {
      for (const inner of loops) {
        if (inner.start > outer.start && inner.start < outer.end && inner.end > outer.end) {
          outer.end = inner.end;
          changed = true;
        }
      }
    }
  }
  return loops;
};

/** Lays a flow graph out for WebAssembly, where branches only go to the ends of blocks and the starts of loops. */
export const layOut = (graph: FlowGraph): FlowLayout => {
  const order = reversePostorder(graph);
  const positions: number[] = [];
  order.forEach((block, position) => {
    positions[block] = position;
  });
  const edges: [number, number][] = [];
  order.forEach((block, position) => {
    for (const successor of graph.successors[block] ?? []) edges.push([position, positions[successor] ?? 0]);
  });
  const loops = findLoops(edges);

  /** Outermost loop that holds `to` behind its start, and not `from` (nor, with `from` = its start, its head). */
  const barrier = (from: number, to: number): Interval | undefined =>
    loops.find((loop) => loop.start < to && to < loop.end && !(from >= loop.start && from < loop.end));
  const route = (from: number, to: number): Route => {
    if (from >= 0 && to <= from) return { kind: 'direct', via: to };
    const loop = barrier(from, to);
    return loop === undefined ? { kind: 'direct', via: to } : { kind: 'dispatched', via: loop.start };
  };

  // Blocks: one for each forward target, from its first source. Dispatched edges go on from the loop's start.
  const starts = new Map<number, number>();
  const dispatches = new Map<number, Set<number>>();
  const need = (from: number, to: number, afterLoop: boolean): void => {
    // A dispatch at a loop's start lies inside that loop; other code of the same position does, too.
    starts.set(to, Math.min(starts.get(to) ?? Number.MAX_SAFE_INTEGER, afterLoop ? from : Math.max(from, 0)));
  };
  const connect = (from: number, final: number): void => {
    let at = from;
    let inside = false;
    for (;;) {
      const step = route(at, final);
      // Position 0 follows the dispatcher in front: nothing has to branch there.
      if (step.via > Math.max(at, 0)) need(at, step.via, inside);
      if (step.kind === 'direct') return;
      const set = dispatches.get(step.via) ?? new Set<number>();
      set.add(final);
      dispatches.set(step.via, set);
      at = step.via;
      inside = true;
    }
  };
  for (const entry of graph.entries) connect(-1, positions[entry] ?? 0);
  for (const [from, to] of edges) if (to > from) connect(from, to);

  const opening = nest(order.length, loops, starts);
  return {
    order,
    positions,
    opening,
    dispatches: new Map([...dispatches].map(([loop, targets]) => [loop, [...targets].sort((a, b) => a - b)])),
    route,
  };
};

/** Makes blocks and loops nest by opening blocks earlier, and lists what opens where. */
const nest = (
  count: number,
  loops: readonly Interval[],
  starts: ReadonlyMap<number, number>,
): readonly (readonly Scope[])[] => {
  const scopes: { kind: 'block' | 'loop'; start: number; end: number; target: number }[] = [
    ...loops.map(({ start, end }) => ({ kind: 'loop' as const, start, end, target: start })),
    ...[...starts].map(([target, start]) => ({ kind: 'block' as const, start, end: target, target })),
  ];
  for (let changed = true; changed; ) {
    changed = false;
    for (const block of scopes) {
      if (block.kind !== 'block') continue;
      for (const other of scopes) {
        // `other` begins before the block and ends inside of it: the block must begin no later.
        if (other.start < block.start && other.end > block.start && other.end < block.end) {
          block.start = other.start;
          changed = true;
        }
      }
    }
  }
  const opening: Scope[][] = Array.from({ length: count }, () => []);
  for (const scope of scopes) opening[scope.start]?.push(scope);
  // Outermost first. A block that ends with a loop is around it, so that it can be reached from all of the loop.
  for (const list of opening) {
    list.sort((a, b) => b.end - a.end || (a.kind === b.kind ? 0 : a.kind === 'block' ? -1 : 1));
  }
  return opening;
};
