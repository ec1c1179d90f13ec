import type { Level, Message } from './rig.ts';

/** A source in a domain, by the words of the specification. */
interface ModelSource {
  mode: 'inactive' | 'delegated' | 'detached' | 'edge1' | 'edge0' | 'level1' | 'level0';
  pending: boolean;
  enabled: boolean;
  hart: number;
  /** Priority, or external interrupt identity. */
  low: number;
}

const CODES = { inactive: 0, delegated: 0x400, detached: 1, edge1: 4, edge0: 5, level1: 6, level0: 7 } as const;
const MODES = ['inactive', 'detached', 'inactive', 'inactive', 'edge1', 'edge0', 'level1', 'level0'] as const;

/** An interrupt domain with an object for each source in place of bitmaps. */
export class ModelDomain {
  readonly sources: ModelSource[];
  readonly harts: { delivery: boolean; force: boolean; threshold: number }[];
  interruptEnable = false;
  readonly sent: Message[] = [];
  readonly #level: Level;
  readonly #messages: boolean;
  readonly #wires: ReadonlySet<number>;
  readonly #parent: ModelDomain | undefined;
  child: ModelDomain | undefined;

  constructor(
    level: Level,
    messages: boolean,
    count: number,
    harts: number,
    wires: ReadonlySet<number>,
    parent?: ModelDomain,
  ) {
    this.#level = level;
    this.#messages = messages;
    this.#wires = wires;
    this.#parent = parent;
    this.sources = Array.from({ length: count + 1 }, () => inactive());
    this.harts = Array.from({ length: harts }, () => ({ delivery: false, force: false, threshold: 0 }));
  }

  #present(source: number): ModelSource | undefined {
    const delegated = this.#parent === undefined || this.#parent.sources[source]?.mode === 'delegated';
    return source >= 1 && delegated ? this.sources[source] : undefined;
  }

  #active(source: number): ModelSource | undefined {
    const found = this.#present(source);
    return found === undefined || found.mode === 'inactive' || found.mode === 'delegated' ? undefined : found;
  }

  asserted(source: number): boolean {
    switch (this.#present(source)?.mode) {
      case 'edge1':
      case 'level1':
        return this.#wires.has(source);
      case 'edge0':
      case 'level0':
        return !this.#wires.has(source);
      default:
        return false;
    }
  }

  config(source: number): number {
    return CODES[this.sources[source]?.mode ?? 'inactive'];
  }

  configure(source: number, value: number): void {
    const present = this.#present(source);
    if (present === undefined) return;
    const wantsChild = (value & 0x400) !== 0;
    const mode = wantsChild ? (this.child === undefined ? 'inactive' : 'delegated') : (MODES[value & 7] ?? 'inactive');
    const before = present.mode;
    if (mode === before) return;
    if (before === 'delegated' || mode === 'delegated') this.child?.sources.splice(source, 1, inactive());
    if (mode === 'inactive' || mode === 'delegated') this.sources[source] = { ...inactive(), mode };
    else if (before === 'inactive' || before === 'delegated') {
      this.sources[source] = { ...inactive(), mode, low: this.#messages ? 0 : 1 };
    } else present.mode = mode;
    const now = this.sources[source];
    if (now !== undefined && mode.startsWith('level')) now.pending = this.asserted(source);
  }

  wireChanged(source: number): void {
    this.child?.wireChanged(source);
    const active = this.#active(source);
    if (active === undefined || active.mode === 'detached') return;
    if (this.asserted(source)) active.pending = true;
    else if (active.mode.startsWith('level')) active.pending = false;
  }

  set(source: number): void {
    const active = this.#active(source);
    if (active === undefined) return;
    if (!active.mode.startsWith('level')) active.pending = true;
    else if (this.#messages && this.asserted(source)) active.pending = true;
  }

  clear(source: number): void {
    const active = this.#active(source);
    if (active !== undefined && (this.#messages || !active.mode.startsWith('level'))) active.pending = false;
  }

  enable(source: number, on: boolean): void {
    const active = this.#active(source);
    if (active !== undefined) active.enabled = on;
  }

  setTarget(source: number, value: number): void {
    const active = this.#active(source);
    if (active === undefined) return;
    active.hart = value >>> 18;
    active.low = this.#messages ? value & 0x7ff : value & 0xff || 1;
  }

  target(source: number): number {
    const { hart, low } = this.sources[source] ?? inactive();
    return hart * 2 ** 18 + low;
  }

  /** Sources that are pending and enabled, in order of their number. */
  #ready(): number[] {
    return this.sources.flatMap(({ pending, enabled }, source) => (pending && enabled ? [source] : []));
  }

  /** Sends what can be sent. */
  deliver(): void {
    if (!this.#messages || !this.interruptEnable) return;
    for (const source of this.#ready()) {
      const { hart, low } = this.sources[source] ?? inactive();
      this.clear(source);
      this.sent.push({ level: this.#level, hart, identity: low });
    }
  }

  topi(hart: number): number {
    if (hart >= this.harts.length) return 0;
    const threshold = this.harts[hart]?.threshold ?? 0;
    const [top] = this.#ready()
      .map((source) => ({ source, ...(this.sources[source] ?? inactive()) }))
      .filter((each) => each.hart === hart && (threshold === 0 || each.low < threshold))
      .sort((a, b) => a.low - b.low || a.source - b.source);
    return top === undefined ? 0 : top.source * 2 ** 16 + top.low;
  }

  claim(hart: number): number {
    const top = this.topi(hart);
    const state = this.harts[hart];
    if (top === 0 && state !== undefined) state.force = false;
    this.clear(top >>> 16);
    return top;
  }

  get told(): boolean[] {
    return this.harts.map(
      ({ delivery, force }, hart) => this.interruptEnable && delivery && (force || this.topi(hart) !== 0),
    );
  }
}

const inactive = (): ModelSource => ({ mode: 'inactive', pending: false, enabled: false, hart: 0, low: 0 });
