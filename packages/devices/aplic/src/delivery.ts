/** Sources that could be delivered, as a delivery mode sees them. */
export interface Deliverable {
  /** domaincfg.IE. */
  readonly interruptEnable: boolean;
  /** 32-bit words of bitmaps over all sources. */
  readonly pending: Uint32Array;
  readonly enabled: Uint32Array;
  /** `target`, by source. */
  readonly target: Uint32Array;
  /** Takes a source's pending bit away, if its mode lets that happen (section 4.7). */
  delivered(source: number): void;
}

/** What a delivery mode remembers itself, as words. */
export type DeliveryState = readonly (readonly number[])[];

/** How a domain's interrupts reach its harts: directly, or as messages (sections 4.8 and 4.9). */
export interface Delivery {
  /** domaincfg.DM, which is fixed. */
  readonly messages: boolean;
  /** What `target` is while nobody wrote it, and what of a written value it takes over. */
  readonly initialTarget: number;
  legalTarget(value: number): number;
  /** Something that decides on delivery changed. */
  changed(from: Deliverable): void;
  /** genmsi, and what is behind the targets. */
  read(offset: number, from: Deliverable): number;
  write(offset: number, value: number, from: Deliverable): void;
  /** The state after power-on; the domain then says that something changed. */
  reset(): void;
  capture(): DeliveryState;
  accepts(state: DeliveryState): boolean;
  adopt(state: DeliveryState): void;
}
