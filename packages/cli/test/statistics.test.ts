import { describe, expect, it } from 'vitest';
import { type RunStatistics, statisticsText } from '../src/statistics.ts';

const STATISTICS: RunStatistics = {
  instructions: 2_000_000,
  translated: 1_500_000,
  translations: { made: 12, dropped: 2, live: 10, bytes: 1_572_864, milliseconds: 7.6 },
  misses: { fetch: 2000, load: 4000, store: 0 },
  exits: { system: 1200, decode: 0, 'floating point': 3400 },
  traps: { StorePageFault: 5 },
  mips: 456.4,
  memory: { resident: 300 * 1_048_576, guest: 256 * 1_048_576 },
};

describe('the report of --stats', () => {
  it('gives each figure with its unit, and nothing of what did not happen', () => {
    const text = statisticsText(STATISTICS);
    expect(text).toContain('2,000,000, 456 MIPS');
    expect(text).toContain('75.0% of instructions');
    expect(text).toContain('12 made in 8 ms, 2 dropped, 10 live with 1.5 MiB');
    expect(text).toContain('fetch 1.00, load 2.00, store 0.00 in 1000 instructions');
    expect(text).toContain('floating point 3,400, system 1,200\n');
    expect(text).not.toContain('decode');
    expect(text).toContain('300.0 MiB resident at most; guest RAM is 256.0 MiB');
    expect(text.split('\n').every((line) => line === '' || line.startsWith('viv: '))).toBe(true);
  });

  it('says nothing of translated instructions when they were not counted', () => {
    const { translated: _, ...rest } = STATISTICS;
    expect(statisticsText(rest)).not.toContain('translated ');
  });
});
