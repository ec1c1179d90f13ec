import { describe, expect, it } from 'vitest';
import { laboratory } from '../src/lab.ts';
import { GUESTS, SCHEDULERS } from '../src/mix.ts';

describe('the laboratory', () => {
  const { picture, table } = laboratory(4);

  it('has a line of the table for every guest under every scheduler', () => {
    const lines = table.split('\n').slice(1);
    const found = lines.map((line) => line.split(/ +/).slice(0, 2).join(' '));
    const expected = Object.keys(SCHEDULERS).flatMap((scheduler) => GUESTS.map(({ name }) => `${scheduler} ${name}`));
    expect(found).toEqual(expected);
    const shares = lines.filter((line) => line.startsWith('eevdf')).map((line) => Number(line.split(/ +/)[2]));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(3.9);
  });

  it('draws three plots for each scheduler, of numbers', () => {
    expect(picture.match(/<polyline/g)).toHaveLength(3 * GUESTS.length * Object.keys(SCHEDULERS).length);
    expect(picture).not.toContain('NaN');
    for (const { name } of GUESTS) expect(picture).toContain(`>${name}<`);
  });
});
