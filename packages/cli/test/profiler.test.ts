import type { Vcpu } from '@vivarium/contracts';
import { describe, expect, it } from 'vitest';
import { Profiler, profileText } from '../src/profiler.ts';
import { SymbolTable } from '../src/symbols.ts';

const at = (pc: bigint, priv: bigint): Vcpu =>
  ({ readRegister: (name: string) => (name === 'pc' ? pc : priv) }) as unknown as Vcpu;

describe('a profile', () => {
  it('sums the time of slices by symbol, and by page where there is none', () => {
    const profiler = new Profiler();
    profiler.sample(at(0x1004n, 1n), 2);
    profiler.sample(at(0x1008n, 1n), 4);
    profiler.sample(at(0x7f_1234_5678n, 0n), 1);
    profiler.sample(at(0x7f_1234_5abcn, 0n), 1);
    const rows = profiler.rows(new SymbolTable([{ address: 0x1000n, name: 'memcpy' }]), 10);
    expect(rows).toEqual([
      { symbol: 'memcpy', milliseconds: 6, samples: 2, percent: 75 },
      { symbol: 'user page 0x7f12345000', milliseconds: 2, samples: 2, percent: 25 },
    ]);
    expect(profileText(rows)).toContain(' 75.00%       6.0        2  memcpy\n');
    expect(profiler.rows(new SymbolTable([]), 1)).toHaveLength(1);
  });

  it('is empty when nothing ran', () => {
    expect(new Profiler().rows(new SymbolTable([]), 10)).toEqual([]);
  });
});
