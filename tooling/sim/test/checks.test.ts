import { describe, expect, it } from 'vitest';
import { CHECKS } from '../src/checks.ts';
import { measureAll, table } from '../src/report.ts';

describe('the bounds of schedulers', () => {
  it.each(CHECKS.map((check) => [check.scheduler, check.workload, check] as const))(
    'hold for %s: %s',
    (_, __, check) => {
      const [row] = measureAll([check], 0.06);
      expect(table([row])).not.toContain('VIOLATED');
      expect(row.holds).toBe(true);
    },
  );

  it('are counted when they are broken, on the last line', () => {
    const check = { scheduler: 'none', workload: 'any', bound: 'x < 1' };
    const broken = { ...check, measure: () => ({ measured: 'x = 2', holds: false, decisions: 1234 }) };
    const kept = { ...check, measure: () => ({ measured: 'x = 0', holds: true, decisions: 1 }) };
    const lines = table(measureAll([broken, kept, broken], 1)).split('\n');
    expect(lines.at(-1)).toBe('2 violations');
    expect(lines.at(-2)).toBe('3 bounds, 2,469 decisions');
    expect(lines[2]).toBe('none       any       x < 1  x = 2         1,234  VIOLATED');
  });
});
