// Hot path: changes of wires work on bitmap words in typed arrays.
import { eachBit, has, put } from './bitmap.ts';
import type { Deliverable, Delivery } from './delivery.ts';
import * as r from './registers.ts';
import type { Wires } from './wires.ts';

/** Source modes that exist: 2 and 3 are reserved. */
const MODES: readonly number[] = [r.INACTIVE, r.DETACHED, r.EDGE1, r.EDGE0, r.LEVEL1, r.LEVEL0];

/** Everything about the sources of a domain that a guest can see; bitmaps are lists of 32-bit words. */
export interface SourcesState {
  readonly interruptEnable: boolean;
  readonly wires: readonly number[];
  readonly implemented: readonly number[];
  readonly config: readonly number[];
  readonly pending: readonly number[];
  readonly enabled: readonly number[];
  readonly target: readonly number[];
}

export interface SourcesParts {
  /** Sources are numbered 1…`count`. */
  readonly count: number;
  readonly wires: Wires;
  readonly delivery: Pick<Delivery, 'messages' | 'initialTarget' | 'legalTarget'>;
  /** Sources of the one domain below, which this one can delegate to. */
  readonly child?: Sources;
  /** Has only what a domain above delegates to it. */
  readonly isChild: boolean;
}

/** The sources of an interrupt domain: modes, pending and enable bits, targets (sections 4.5.2, 4.5.16 and 4.7). */
export class Sources implements Deliverable {
  interruptEnable = false;
  readonly pending: Uint32Array;
  readonly enabled: Uint32Array;
  readonly target: Uint32Array;
  readonly #parts: SourcesParts;
  readonly #config: Uint16Array;
  /** Those that are in this domain: delegated to it, or, at the root, all. */
  readonly #implemented: Uint32Array;

  constructor(parts: SourcesParts) {
    const words = (parts.count >> 5) + 1;
    this.#parts = parts;
    this.#config = new Uint16Array(parts.count + 1);
    this.pending = new Uint32Array(words);
    this.enabled = new Uint32Array(words);
    this.target = new Uint32Array(parts.count + 1);
    this.#implemented = new Uint32Array(words);
    this.reset();
  }

  /** sourcecfg. */
  config(source: number): number {
    return this.#config[source] ?? 0;
  }

  configure(source: number, value: number): void {
    if (!has(this.#implemented, source)) return;
    const before = this.config(source);
    const after = this.#legalConfig(value);
    if (after === before) return;
    this.#config[source] = after;
    this.#delegate(source, after);
    if (!isActive(after)) this.#deactivate(source);
    else {
      if (!isActive(before)) this.target[source] = this.#parts.delivery.initialTarget;
      // A source in a level mode is never pending while its input is low, and is when it finds it high (section 4.5.2).
      if (isLevel(after)) put(this.pending, source, this.isAsserted(source));
    }
  }

  /** The rectified input value (section 4.5.2). */
  isAsserted(source: number): boolean {
    const config = this.config(source);
    return (isEdge(config) || isLevel(config)) && this.#parts.wires.isHigh(source) !== isInverted(config);
  }

  /** The rectified input values of 32 sources. */
  assertedWord(word: number): number {
    let bits = 0;
    for (let bit = 0; bit < 32; bit += 1) if (this.isAsserted((word << 5) | bit)) bits |= 1 << bit;
    return bits >>> 0;
  }

  /** The wire of a source rose or fell. */
  wireChanged(source: number): void {
    const config = this.config(source);
    if ((config & r.SOURCECFG_D) !== 0) this.#parts.child?.wireChanged(source);
    else if (this.isAsserted(source)) put(this.pending, source, true);
    else if (isLevel(config)) put(this.pending, source, false);
  }

  /** A write to setip or setipnum (section 4.7). */
  set(source: number): void {
    const config = this.config(source);
    const allowed = isLevel(config) ? this.#parts.delivery.messages && this.isAsserted(source) : isActive(config);
    if (allowed) put(this.pending, source, true);
  }

  /** A write to in_clrip or clripnum: of level modes, direct delivery shows the input, whatever is written. */
  clear(source: number): void {
    const config = this.config(source);
    const allowed = isLevel(config) ? this.#parts.delivery.messages : isActive(config);
    if (allowed) put(this.pending, source, false);
  }

  delivered(source: number): void {
    this.clear(source);
  }

  enable(source: number, on: boolean): void {
    if (isActive(this.config(source))) put(this.enabled, source, on);
  }

  setTarget(source: number, value: number): void {
    if (isActive(this.config(source))) this.target[source] = this.#parts.delivery.legalTarget(value);
  }

  reset(): void {
    const { count, isChild, child } = this.#parts;
    this.interruptEnable = false;
    for (const registers of [this.#config, this.pending, this.enabled, this.target]) registers.fill(0);
    for (let source = 1; source <= count; source += 1) {
      if (!isChild) put(this.#implemented, source, true);
      child?.grant(source, false);
    }
  }

  capture(): SourcesState {
    return {
      interruptEnable: this.interruptEnable,
      wires: [...this.#parts.wires.levels],
      implemented: [...this.#implemented],
      config: [...this.#config],
      pending: [...this.pending],
      enabled: [...this.enabled],
      target: [...this.target],
    };
  }

  /** Whether sources of this number and kind can be in that state. */
  accepts(state: SourcesState): boolean {
    const { count, isChild, delivery } = this.#parts;
    const bitmaps = [state.wires, state.implemented, state.pending, state.enabled];
    const sizes =
      bitmaps.every((bitmap) => bitmap.length === this.pending.length && inRange(bitmap, count)) &&
      state.config.length === count + 1 &&
      state.target.length === count + 1;
    if (!sizes) return false;
    const of = (bitmap: readonly number[], source: number): boolean =>
      (((bitmap[source >> 5] ?? 0) >>> (source & 31)) & 1) === 1;
    return state.config.every((config, source) => {
      const implemented = of(state.implemented, source);
      const pending = of(state.pending, source);
      const asserted = of(state.wires, source) !== isInverted(config);
      if (source > 0 && !isChild && !implemented) return false;
      if (config !== (implemented ? this.#legalConfig(config) : 0)) return false;
      const target = state.target[source] ?? 0;
      if (!isActive(config)) return !pending && !of(state.enabled, source) && target === 0;
      if (target !== delivery.legalTarget(target)) return false;
      return !isLevel(config) || (delivery.messages ? asserted || !pending : asserted === pending);
    });
  }

  adopt(state: SourcesState): void {
    this.interruptEnable = state.interruptEnable;
    this.#parts.wires.adopt(state.wires);
    this.#implemented.set(state.implemented);
    this.#config.set(state.config);
    this.pending.set(state.pending);
    this.enabled.set(state.enabled);
    this.target.set(state.target);
    for (const [source, config] of state.config.entries()) this.#delegate(source, config);
  }

  /** What a write makes of sourcecfg: without a domain below, delegation to it makes a source inactive. */
  #legalConfig(value: number): number {
    if ((value & r.SOURCECFG_D) !== 0) {
      // The only child has index 0, and an index is whatever software may write.
      return this.#parts.child === undefined ? r.INACTIVE : r.SOURCECFG_D;
    }
    const mode = value & r.SOURCECFG_SM;
    return MODES.includes(mode) ? mode : r.INACTIVE;
  }

  #delegate(source: number, config: number): void {
    if (source > 0) this.#parts.child?.grant(source, (config & r.SOURCECFG_D) !== 0);
  }

  /** The domain above gives a source, or takes it back; then nothing of it stays here. */
  grant(source: number, given: boolean): void {
    if (has(this.#implemented, source) === given) return;
    put(this.#implemented, source, given);
    this.#config[source] = r.INACTIVE;
    this.#deactivate(source);
  }

  #deactivate(source: number): void {
    put(this.pending, source, false);
    put(this.enabled, source, false);
    this.target[source] = 0;
  }
}

const isActive = (config: number): boolean => config !== r.INACTIVE && (config & r.SOURCECFG_D) === 0;
const isEdge = (config: number): boolean => config === r.EDGE1 || config === r.EDGE0;
const isLevel = (config: number): boolean => config === r.LEVEL1 || config === r.LEVEL0;
const isInverted = (config: number): boolean => config === r.EDGE0 || config === r.LEVEL0;

/** Whether only sources from 1 to `count` are in a bitmap. */
const inRange = (bitmap: readonly number[], count: number): boolean => {
  let good = true;
  for (const [word, bits] of bitmap.entries()) {
    eachBit(word, bits, (source) => {
      good &&= source >= 1 && source <= count;
    });
  }
  return good;
};
