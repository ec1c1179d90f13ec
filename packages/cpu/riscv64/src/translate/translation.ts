// Hot code: runs once for each region that is translated, on the guest's thread or on the background's.
import type { Decoder } from '@vivarium/isa-riscv';
import { PAGE_SLOTS } from '../decode/slot.ts';
import { discoverRegion } from './blocks.ts';
import { RegionModule, type RegionPlace, type RegionSurroundings } from './region.ts';

/** A page and where to begin in it: plain data, of which nothing changes while it is translated. */
export interface TranslationRequest extends RegionPlace {
  /** A copy of the page. */
  readonly code: Uint16Array<ArrayBuffer>;
  /** For each halfword, 0 where nothing was ever executed. */
  readonly warm: Uint8Array<ArrayBuffer>;
  /** Halfwords of which the instruction belongs to the interpreter. */
  readonly apart: readonly number[];
  /** Byte offsets. The region has to have the first for an entry. */
  readonly entries: readonly number[];
}

/** What is known of a translated region. */
export interface Translation {
  /** Number of the region in its module. */
  readonly number: number;
  /** Offset and label of each entry. */
  readonly labels: readonly (readonly [number, number])[];
  /** 1 for each halfword that was translated. */
  readonly covered: Uint8Array<ArrayBuffer>;
}

/** Regions of one module, one for each request; undefined where the first entry cannot be translated. */
export interface Translations {
  readonly regions: readonly (Translation | undefined)[];
  /** Absent when there are none, or the engine has no room for more code: the guest goes on in the interpreter. */
  readonly module?: WebAssembly.Module;
  /** Bytes of the module. */
  readonly size: number;
}

const addTo = (module: RegionModule, request: TranslationRequest, decoder: Decoder): Translation | undefined => {
  const { code, warm, apart, entries } = request;
  const region = discoverRegion(
    {
      half: (offset) => code[offset >> 1] ?? 0,
      warm: (offset) => warm[offset >> 1] !== 0,
      apart: (offset) => apart.includes(offset >> 1),
    },
    decoder,
    entries,
  );
  if (!region.entries.includes(entries[0] ?? -1)) return undefined;
  const number = module.count;
  const labels = module.add(region, request);
  const covered = new Uint8Array(PAGE_SLOTS);
  for (const block of region.blocks) {
    for (const { offset, length } of block.instructions) covered.fill(1, offset >> 1, (offset + length) >> 1);
  }
  return { number, labels: [...labels], covered };
};

export const translate = (
  requests: readonly TranslationRequest[],
  around: RegionSurroundings,
  decoder: Decoder,
): Translations => {
  const builder = new RegionModule(around);
  const regions = requests.map((request) => addTo(builder, request, decoder));
  if (builder.count === 0) return { regions, size: 0 };
  const bytes = builder.encode();
  const module = compile(bytes);
  return { regions, size: bytes.length, ...(module === undefined ? {} : { module }) };
};

const compile = (bytes: Uint8Array<ArrayBuffer>): WebAssembly.Module | undefined => {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};
