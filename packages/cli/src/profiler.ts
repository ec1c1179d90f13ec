import type { Vcpu } from '@vivarium/contracts';
import type { SymbolTable } from './symbols.ts';

/** One line of a profile. */
export interface ProfileRow {
  readonly symbol: string;
  readonly milliseconds: number;
  readonly samples: number;
  /** Of all guest execution. */
  readonly percent: number;
}

/** Places that are told apart; of a guest that has more of them the rest is one. */
const MOST_PLACES = 1 << 18;
const MODES = ['user', 'supervisor', 'hypervisor', 'machine'];
const PAGE_BITS = 12n;

/**
 * Attributes the time of each slice to the place where it ended. Slices take about a quarter of a millisecond and end
 * after a number of instructions that has nothing to do with what the guest does, so over many of them the shares are
 * those of the time spent; but a slice also ends where the guest arms a timer, and such places get more than their
 * share. Time asleep is not part of it.
 */
export class Profiler {
  readonly #places = new Map<string, { readonly pc: bigint; readonly mode: number; time: number; samples: number }>();
  readonly #elsewhere = { time: 0, samples: 0 };

  sample(vcpu: Vcpu, milliseconds: number): void {
    const place = this.#place(vcpu.readRegister('pc') ?? 0n, Number(vcpu.readRegister('priv') ?? 0n));
    place.time += milliseconds;
    place.samples += 1;
  }

  #place(pc: bigint, mode: number): { time: number; samples: number } {
    const key = `${mode} ${pc}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    if (this.#places.size === MOST_PLACES) return this.#elsewhere;
    const place = { pc, mode, time: 0, samples: 0 };
    this.#places.set(key, place);
    return place;
  }

  /** The `top` symbols, longest first. What has no symbol counts by mode and page. */
  rows(symbols: SymbolTable, top: number): readonly ProfileRow[] {
    const totals = new Map<string, { milliseconds: number; samples: number }>();
    let all = 0;
    const add = (symbol: string, { time, samples }: { readonly time: number; readonly samples: number }): void => {
      if (samples === 0) return;
      const total = totals.get(symbol) ?? { milliseconds: 0, samples: 0 };
      total.milliseconds += time;
      total.samples += samples;
      totals.set(symbol, total);
      all += time;
    };
    for (const place of this.#places.values()) {
      const page = `0x${((place.pc >> PAGE_BITS) << PAGE_BITS).toString(16)}`;
      add(symbols.find(place.pc) ?? `${MODES[place.mode] ?? 'mode'} page ${page}`, place);
    }
    add('elsewhere', this.#elsewhere);
    return [...totals]
      .map(([symbol, total]) => ({ symbol, ...total, percent: all > 0 ? (total.milliseconds * 100) / all : 0 }))
      .sort((a, b) => b.milliseconds - a.milliseconds)
      .slice(0, top);
  }
}

/** The profile as a table. */
export const profileText = (rows: readonly ProfileRow[]): string =>
  [
    'percent        ms  samples  symbol',
    ...rows.map(
      ({ symbol, milliseconds, samples, percent }) =>
        `${percent.toFixed(2).padStart(6)}% ${milliseconds.toFixed(1).padStart(9)} ${`${samples}`.padStart(8)}  ${symbol}`,
    ),
    '',
  ].join('\n');
