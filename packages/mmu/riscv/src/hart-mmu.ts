// Hot code: `resolve` runs on each TLB miss, `select` on each change of privilege.
import type { MachineMemory } from '@vivarium/contracts';
import {
  ACCESS_FAULT,
  type Access,
  type CodePages,
  DEVICE,
  FETCH,
  type HartMmu,
  READ,
  type TlbGeometry,
  type TlbSet,
  type TranslationControl,
  WRITE,
} from '@vivarium/isa-riscv';
import { Contexts } from './contexts.ts';
import type { DirtyPages } from './dirty-pages.ts';
import { BARE, PageWalk, type WalkContext } from './page-walk.ts';
import { PhysicalMap } from './physical-map.ts';
import { ALLOWED, DENIED, PhysicalMemoryProtection } from './pmp.ts';
import { PrivateEntries } from './private-entries.ts';
import { Tlb } from './tlb.ts';

/** mstatus, low half. */
const MSTATUS_MPP_SHIFT = 11;
const MSTATUS_MPRV = 1 << 17;
const MSTATUS_SUM = 1 << 18;
const MSTATUS_MXR = 1 << 19;

const USER = 0;
const SUPERVISOR = 1;
const MACHINE = 3;

/**
 * Regimes, each with TLBs of its own so that a system call flushes nothing: user; supervisor; supervisor that may
 * touch user pages (SUM); machine; and one for the rare rest (MXR, MPRV), flushed when what it stands for changes.
 */
const REGIME_USER = 0;
const REGIME_SUPERVISOR = 1;
const REGIME_SUPERVISOR_SUM = 2;
const REGIME_MACHINE = 3;
const REGIME_SPECIAL = 4;
const REGIMES = 5;

export class RiscvHartMmu implements HartMmu {
  readonly tlb: TlbGeometry;
  readonly pmp: PhysicalMemoryProtection;
  readonly place: number;
  readTlb = 0;
  writeTlb = 0;
  fetchTlb = 0;
  context = 0;
  userContext = 0;
  supervisorContext = 0;
  physical = 0;
  uniform = false;
  /** Whether the last successful translation is the same in every address space. */
  #global = true;
  readonly #control: TranslationControl;
  readonly #code: CodePages;
  readonly #dirty: DirtyPages;
  readonly #map: PhysicalMap;
  readonly #walk: PageWalk;
  readonly regimes: readonly TlbSet[];
  readonly #regimes: readonly Tlb[];
  readonly #contexts = new Contexts(() => {
    for (const regime of this.#regimes) regime.clear();
    this.userContext = 0;
    this.supervisorContext = 0;
  });
  /** The address space that the contexts were chosen for. */
  #spaceLow = 0;
  #spaceHigh = 0;
  /** Translations of supervisor regimes that belong to this address space alone. */
  readonly #private: PrivateEntries;
  /** Fetch translations since they were last forgotten, while there is room to remember them. */
  readonly #fetches: PrivateEntries;
  #fetchesLost = false;
  /** Filled in before each walk, so that a walk allocates nothing. */
  readonly #context: { -readonly [Key in keyof WalkContext]: WalkContext[Key] } = {
    privilege: 0,
    sum: false,
    mxr: false,
    hardwareAccessedDirty: false,
    pageBasedMemoryTypes: false,
  };
  #data: Tlb;
  #fetch: Tlb;
  /** Which MXR/MPRV combination the special regime holds translations for. */
  #specialKey = -1;
  /** Virtual page numbers between which pages larger than 4 KiB were entered: one flushed address may be many entries. */
  #largeFrom = Number.POSITIVE_INFINITY;
  #largeTo = -1;

  constructor(
    memory: MachineMemory,
    control: TranslationControl,
    code: CodePages,
    dirty: DirtyPages,
    entries: number,
    offset: number,
  ) {
    const buffer = memory.linear.buffer;
    this.tlb = { entries };
    this.place = offset;
    this.#fetches = new PrivateEntries(buffer);
    this.#private = new PrivateEntries(buffer);
    this.#control = control;
    this.#code = code;
    this.#dirty = dirty;
    this.#map = new PhysicalMap(memory);
    this.#regimes = Array.from(
      { length: REGIMES },
      (_, index) => new Tlb(buffer, offset + index * Tlb.bytes(entries), entries),
    );
    const supervisor = this.#regimes[REGIME_SUPERVISOR];
    const { read, write } = this.#regimes[REGIME_SUPERVISOR_SUM];
    // SUM does not concern fetches.
    this.regimes = [this.#regimes[REGIME_USER], supervisor, { read, write, fetch: supervisor.fetch }];
    this.#data = this.#regimes[REGIME_MACHINE];
    this.#fetch = this.#data;
    this.pmp = new PhysicalMemoryProtection(buffer, offset + REGIMES * Tlb.bytes(entries), () => this.flush());
    this.#walk = new PageWalk(this.#map, this.pmp, (entry) => this.#entryChanged(entry), buffer);
    this.select();
  }

  /** Linear memory that a hart's TLBs and registers take. */
  static bytes(entries: number): number {
    return REGIMES * Tlb.bytes(entries) + PhysicalMemoryProtection.BYTES;
  }

  select(): void {
    const { privilege, mstatus } = this.#control;
    this.#fetch = this.#regimes[privilege];
    const effective =
      privilege === MACHINE && (mstatus & MSTATUS_MPRV) !== 0 ? (mstatus >> MSTATUS_MPP_SHIFT) & 3 : privilege;
    let regime = effective;
    if (effective === MACHINE) regime = REGIME_MACHINE;
    else if ((mstatus & MSTATUS_MXR) !== 0 || effective !== privilege) {
      regime = REGIME_SPECIAL;
      const key = effective | (mstatus & (MSTATUS_MXR | MSTATUS_SUM));
      if (key !== this.#specialKey) {
        this.#specialKey = key;
        this.#regimes[REGIME_SPECIAL].clear();
      }
    } else if (effective === SUPERVISOR && (mstatus & MSTATUS_SUM) !== 0) regime = REGIME_SUPERVISOR_SUM;
    else regime = effective === USER ? REGIME_USER : REGIME_SUPERVISOR;
    this.#data = this.#regimes[regime];
    this.readTlb = this.#data.read;
    this.writeTlb = this.#data.write;
    this.fetchTlb = this.#fetch.fetch;
    this.#chooseContexts();
    this.context = regime === REGIME_USER || regime === REGIME_SPECIAL ? this.userContext : this.supervisorContext;
  }

  /**
   * Each address space has a context of its own for user pages. Supervisor regimes have one for all address spaces:
   * global mappings are the same in each (Privileged Architecture, section 11.3.1), and what is not global is taken out
   * when the address space changes. So a kernel does not lose its own pages with each switch of processes.
   */
  #chooseContexts(): void {
    const { satpLow, satpHigh } = this.#control;
    if (satpLow !== this.#spaceLow || satpHigh !== this.#spaceHigh) {
      this.#private.drop();
      this.userContext = 0;
      if (satpHigh >>> 28 !== this.#spaceHigh >>> 28) this.supervisorContext = 0;
      this.#spaceLow = satpLow;
      this.#spaceHigh = satpHigh;
    }
    // Numbers may run out, and then both start again.
    while (this.userContext === 0 || this.supervisorContext === 0) {
      if (this.supervisorContext === 0) this.supervisorContext = this.#contexts.fresh();
      if (this.userContext === 0) this.userContext = this.#contexts.of(satpLow, satpHigh);
    }
  }

  resolve(low: number, high: number, bytes: number, access: Access): number {
    this.select();
    const control = this.#control;
    const { mstatus } = control;
    let { privilege } = control;
    if (access !== FETCH && privilege === MACHINE && (mstatus & MSTATUS_MPRV) !== 0) {
      privilege = (mstatus >> MSTATUS_MPP_SHIFT) & 3;
    }
    const mode = privilege === MACHINE ? BARE : (control.satpHigh >>> 28) & 0xf;
    let physical: number;
    let large = false;
    let global = true;
    if (mode === BARE) {
      // Physical addresses have 56 bits.
      if (high >>> 24 !== 0) return ACCESS_FAULT;
      physical = (low >>> 0) + high * 0x1_0000_0000;
    } else {
      const context = this.#context;
      context.privilege = privilege;
      context.sum = (mstatus & MSTATUS_SUM) !== 0;
      context.mxr = (mstatus & MSTATUS_MXR) !== 0;
      context.hardwareAccessedDirty = control.hardwareAccessedDirty;
      context.pageBasedMemoryTypes = control.pageBasedMemoryTypes;
      const root = ((control.satpLow >>> 0) + (control.satpHigh & 0xfff) * 0x1_0000_0000) * 4096;
      physical = this.#walk.walk(low, high, access, mode, root, context);
      if (physical < 0) return physical;
      large = this.#walk.size > 4096;
      global = this.#walk.global;
    }
    const page = physical - (low & 0xfff);
    const allowed = this.pmp.page(page, access, privilege);
    if (allowed === DENIED || (allowed !== ALLOWED && !this.pmp.check(physical, bytes, access, privilege))) {
      return ACCESS_FAULT;
    }
    this.physical = physical;
    this.#global = global;
    this.uniform = allowed === ALLOWED;
    const offset = this.#map.offset(physical, bytes);
    if (offset < 0) return DEVICE;
    if (access === WRITE) this.#dirty.mark(physical);
    if (allowed === ALLOWED && access !== FETCH) {
      if (large) this.#noteLarge(low, high);
      const payload = offset - low;
      if (access === READ) this.#enter(this.#data, this.#data.read, low, high, payload, global);
      else if (!this.#code.has(physical)) this.#enter(this.#data, this.#data.write, low, high, payload, global);
    } else if (large) this.#noteLarge(low, high);
    return offset;
  }

  /** A walk set A or D in the page-table entry at a guest-physical address. */
  #entryChanged(entry: number): void {
    this.#dirty.mark(entry);
    if (this.#code.has(entry)) this.#code.changed(entry, 8);
  }

  #noteLarge(low: number, high: number): void {
    const page = (high >>> 0) * 0x100000 + (low >>> 12);
    const pages = this.#walk.size / 4096;
    const first = page - (page % pages);
    if (first < this.#largeFrom) this.#largeFrom = first;
    if (first + pages > this.#largeTo) this.#largeTo = first + pages;
  }

  enterFetch(low: number, high: number, payload: number): void {
    this.select();
    if (!this.#fetches.note(this.#fetch.place(this.#fetch.fetch, low))) this.#fetchesLost = true;
    this.#enter(this.#fetch, this.#fetch.fetch, low, high, payload, this.#global);
  }

  #enter(regime: Tlb, array: number, low: number, high: number, payload: number, global: boolean): void {
    if (!global && this.context === this.supervisorContext) {
      const place = regime.place(array, low);
      if (!this.#private.note(place)) {
        // Too many to remember: everything of the supervisor's goes.
        for (const number of [REGIME_SUPERVISOR, REGIME_SUPERVISOR_SUM]) this.#regimes[number].clear();
        this.#private.drop();
        this.#private.note(place);
      }
    }
    regime.enter(array, low, high, payload, this.context);
  }

  flush(): void {
    this.#contexts.forgetAll();
    this.userContext = 0;
    this.supervisorContext = 0;
    this.#private.drop();
    this.#largeFrom = Number.POSITIVE_INFINITY;
    this.#largeTo = -1;
  }

  flushSpace(asid: number): void {
    this.#contexts.forget(asid);
    this.userContext = 0;
    this.#private.drop();
  }

  flushPage(low: number, high: number): void {
    const page = (high >>> 0) * 0x100000 + (low >>> 12);
    if (page >= this.#largeFrom && page < this.#largeTo) this.flush();
    else for (const regime of this.#regimes) regime.clearPage(low);
  }

  flushWrites(): void {
    for (const regime of this.#regimes) regime.clearWrites();
  }

  /** Drops all translations for loads and stores. */
  flushData(): void {
    for (const regime of this.#regimes) regime.clearData();
  }

  flushFetches(): void {
    if (this.#fetchesLost) for (const regime of this.#regimes) regime.clearFetches();
    this.#fetches.drop();
    this.#fetchesLost = false;
  }

  reload(): void {
    this.pmp.reload();
    this.#spaceHigh = -1;
    this.flush();
  }
}
